"""JSON Schema (draft-07) of a network file for editors, made from the models that read it.

Each kind of item and each op is an `if`/`then` of its own: an editor then names the one key that is wrong, where a
choice of alternatives would say that none of forty matches. What a schema cannot see (the text of a layer line, names,
whether shapes fit) `cnncalc check` says.
"""

from __future__ import annotations

from cnncalc.ops.base import SYNONYMS
from cnncalc.ops.options import MAX_SIZE
from cnncalc.spec import words
from cnncalc.spec.entries import COMMON
from cnncalc.spec.models import NetworkFile
from cnncalc.spec.schema_options import Schema, described, ops, option_at, options, stripped
from cnncalc.spec.syntax import op_syntax

_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
_KEY = "^([A-Za-z_][A-Za-z0-9_]*|0|[1-9][0-9]{0,5})$"
"""Of an item: a name, or a number as copies have."""
_SIGNATURE = r"^\s*[A-Za-z_][A-Za-z0-9_]*\s*(\(.*\))?\s*$"
_SIZE: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_SIZE}
_SHAPE: Schema = {
    "type": ["string", "array"],
    "pattern": "^[1-9][0-9]*(x[1-9][0-9]*){1,3}$",
    "items": _SIZE,
    "minItems": 2,
    "maxItems": 4,
}
_TEXT: Schema = {"type": "string"}
_ITEMS: Schema = {"$ref": "#/definitions/item"}
_VALUE: Schema = {
    "type": ["number", "string", "boolean", "null", "array"],
    "items": {"type": ["number", "string", "boolean", "array"]},
    "minItems": 1,
}
_ROW: Schema = {**_VALUE, "items": _VALUE}


def json_schema() -> Schema:
    """The schema of a network file."""
    top = NetworkFile.model_json_schema(ref_template="#/definitions/{model}")
    definitions = {name: stripped(model) for name, model in top.get("$defs", {}).items()}
    properties = {name: stripped(field) for name, field in top["properties"].items()}
    for name, shape in _language_keys().items():
        properties[name] = {**properties[name], **shape}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "cnncalc network",
        "description": "A convolutional network for cnncalc.",
        "type": "object",
        "properties": properties,
        "required": ["layers"],
        "additionalProperties": False,
        "definitions": {**definitions, **_item_definitions()},
    }


def _language_keys() -> dict[str, Schema]:
    """The top-level keys that the language reads itself."""
    return {
        "input": _SHAPE,
        "inputs": {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": _SHAPE},
        "vars": {"type": ["object", "null"], "propertyNames": {"pattern": _NAME}, "additionalProperties": _VALUE},
        "defaults": {
            "type": ["object", "null"],
            "properties": {op: {"$ref": f"#/definitions/{op}-options"} for op in ops()},
            "additionalProperties": False,
        },
        "blocks": {
            "type": "object",
            "propertyNames": {"pattern": _SIGNATURE},
            "additionalProperties": _ITEMS,
        },
        "layers": _ITEMS,
    }


def _item_definitions() -> dict[str, Schema]:
    # Keywords of lists mean nothing to texts and mappings, so that no choice between alternatives is needed.
    definitions = {
        "item": {
            "description": "A layer line such as `conv 64 k3 bn relu`, a sequence, or a mapping.",
            "type": ["string", "array", "object"],
            "items": _ITEMS,
            "if": {"type": "object"},
            "then": {"$ref": "#/definitions/mapping"},
        },
        "mapping": _mapping(),
        "layer": _layer(),
        "keys": {"type": "object", "properties": _keys()},
    }
    for op in ops():
        definitions[f"{op}-options"] = {
            "description": f"Options that every `{op}` starts from.",
            "type": "object",
            "properties": options(op),
            "additionalProperties": False,
        }
    return definitions


def _common(*more: str) -> dict[str, Schema]:
    """The keys of every mapping item."""
    return {key: {"$ref": f"#/definitions/keys/properties/{key}"} for key in (*more, *COMMON)}


def _keys() -> dict[str, Schema]:
    """What the keys hold that several kinds of items have."""
    names = sorted([*ops(), *SYNONYMS])
    return {
        "op": {"type": "string", "enum": names, "description": "The op.", "examples": ["conv"]},
        "norm": {
            "type": ["string", "object", "null"],
            "minProperties": 1,
            "maxProperties": 1,
            "description": "The norm that follows.",
            "examples": ["bn"],
        },
        "act": {
            "type": ["string", "null"],
            "description": "The activation that follows.",
            "examples": ["relu"],
        },
        "name": {"type": "string", "pattern": _NAME, "description": "Name of the item.", "examples": ["stem"]},
        "repeat": {
            "type": ["integer", "string"],
            "description": "Number of copies; an expression is allowed.",
            "examples": [3],
        },
        "when": {
            "type": ["boolean", "integer", "string"],
            "description": "The item is left out where this is false.",
            "examples": ["e != 1"],
        },
        "from": {
            "type": ["string", "array"],
            "items": _TEXT,
            "minItems": 1,
            "description": "The layer whose output is taken instead of the stream; a list for a merge.",
            "examples": ["stem"],
        },
        "share": {
            "type": "string",
            "description": "The layer, or call of the same block, whose weights are reused.",
            "examples": ["conv1"],
        },
    }


def _mapping() -> Schema:
    common = _common()
    kinds: dict[str, dict[str, Schema]] = {
        "residual": {
            "residual": described(_ITEMS, "The main path."),
            "shortcut": {
                "anyOf": [{"enum": list(words.SHORTCUTS)}, _ITEMS],
                "description": "identity (default), project, if_same, pad, or a path.",
            },
            "then": described(_ITEMS, "What follows the sum."),
        },
        "branches": {
            "branches": {
                "type": ["array", "object"],
                "items": _ITEMS,
                "propertyNames": {"pattern": _NAME},
                "additionalProperties": _ITEMS,
                "description": "Parallel paths from the same input; `[]` is the identity.",
            },
            "merge": {"enum": list(words.MERGES), "description": "How the paths are joined."},
            "align": {
                "enum": sorted(op_syntax("add").worded["align"]),
                "description": "What is done where sizes differ: error (default), crop or pad.",
            },
        },
        "each": {
            "each": {
                "type": ["string", "array"],
                "items": _TEXT,
                "minItems": 1,
                "description": "The columns of a table, as names for its body.",
                "examples": [["t", "c", "n", "s"]],
            },
            "rows": {
                "type": "array",
                "items": _ROW,
                "description": "The rows: the body stands once for each.",
                "examples": [[[1, 16, 1, 1], [6, 24, 2, 2]]],
            },
            "do": described(_ITEMS, "The body."),
        },
        "do": {"do": described(_ITEMS, "The body.")},
    }
    required = {"branches": ["merge"], "each": ["rows", "do"]}
    rules: list[Schema] = [
        {"if": {"required": ["op"]}, "then": {"$ref": "#/definitions/layer"}},
        {
            "if": {"required": ["use"]},
            "then": {"properties": {"use": {"type": "string", "description": "Name of the block."}, **common}},
        },
    ]
    for number, (head, own) in enumerate(kinds.items()):
        earlier = ["op", "use", *list(kinds)[:number]]
        rules.append(
            {
                "if": {"required": [head], "not": {"anyOf": [{"required": [key]} for key in earlier]}},
                "then": {
                    "properties": {**own, **common},
                    "required": required.get(head, []),
                    "additionalProperties": False,
                },
            }
        )
    rules.append(
        {
            "if": {"not": {"anyOf": [{"required": [head]} for head in ("op", "use", *kinds)]}},
            "then": {
                "description": "A name with its item.",
                "minProperties": 1,
                "maxProperties": 1,
                "propertyNames": {"pattern": _KEY, "not": {"enum": sorted(words.ITEM_KEYS)}},
                "additionalProperties": _ITEMS,
            },
        }
    )
    return {"type": "object", "allOf": rules}


def _layer() -> Schema:
    """`{op: ...}`: the keys that are allowed follow from the op."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for op in ops():
        places = tuple(option_at(op, key) for key in options(op))
        alike.setdefault(places, []).append(op)
    rules = []
    for places, names in alike.items():
        spellings = [*names, *(other for other, name in SYNONYMS.items() if name in names)]
        own = {reference.rpartition("/")[2]: {"$ref": reference} for reference in places}
        keys = {**_common("op", "norm", "act"), **own}
        rules.append(
            {
                "if": {"properties": {"op": {"enum": spellings}}},
                "then": {"properties": keys, "additionalProperties": False},
            }
        )
    return {"type": "object", "properties": _common("op"), "required": ["op"], "allOf": rules}
