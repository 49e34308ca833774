"""JSON Schema (draft-07) of a network file for editors, made from the models that read it.

Each kind of item and each op is an `if`/`then` of its own: an editor then names the one key that is wrong, where a
choice of alternatives would say that none of forty matches. What a schema cannot see (the text of a layer line, names,
whether shapes fit) `cnncalc check` says.
"""

from __future__ import annotations

from typing import Any

from cnncalc.ops.base import OPS, SYNONYMS
from cnncalc.ops.options import MAX_SIZE
from cnncalc.spec import words
from cnncalc.spec.entries import COMMON
from cnncalc.spec.models import NetworkFile
from cnncalc.spec.syntax import op_syntax

Schema = dict[str, Any]

_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
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
    definitions = {name: _stripped(model) for name, model in top.get("$defs", {}).items()}
    properties = {name: _stripped(field) for name, field in top["properties"].items()}
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
            "properties": {op: {"$ref": f"#/definitions/{op}-options"} for op in _ops()},
            "additionalProperties": False,
        },
        "blocks": {
            "type": "object",
            "propertyNames": {"pattern": _SIGNATURE},
            "additionalProperties": _ITEMS,
        },
        "layers": _ITEMS,
    }


def _ops() -> list[str]:
    return sorted(op for op in OPS if op.isidentifier())


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
    for op in _ops():
        definitions[f"{op}-options"] = {
            "description": f"Options that every `{op}` starts from.",
            "type": "object",
            "properties": _options(op),
            "additionalProperties": False,
        }
    return definitions


def _common(*more: str) -> dict[str, Schema]:
    """The keys of every mapping item."""
    return {key: {"$ref": f"#/definitions/keys/properties/{key}"} for key in (*more, *COMMON)}


def _keys() -> dict[str, Schema]:
    """What the keys hold that several kinds of items have."""
    names = sorted([*_ops(), *SYNONYMS])
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
            "residual": _described(_ITEMS, "The main path."),
            "shortcut": {
                "anyOf": [{"enum": list(words.SHORTCUTS)}, _ITEMS],
                "description": "identity (default), project, if_same, pad, or a path.",
            },
            "then": _described(_ITEMS, "What follows the sum."),
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
                "type": "string",
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
            "do": _described(_ITEMS, "The body."),
        },
        "do": {"do": _described(_ITEMS, "The body.")},
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
                "propertyNames": {"pattern": _NAME, "not": {"enum": sorted(words.ITEM_KEYS)}},
                "additionalProperties": _ITEMS,
            },
        }
    )
    return {"type": "object", "allOf": rules}


def _layer() -> Schema:
    """`{op: ...}`: the keys that are allowed follow from the op."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for op in _ops():
        options = tuple(_option_at(op, key) for key in _options(op))
        alike.setdefault(options, []).append(op)
    rules = []
    for options, ops in alike.items():
        spellings = [*ops, *(other for other, name in SYNONYMS.items() if name in ops)]
        own = {reference.rpartition("/")[2]: {"$ref": reference} for reference in options}
        keys = {**_common("op", "norm", "act"), **own}
        rules.append(
            {
                "if": {"properties": {"op": {"enum": spellings}}},
                "then": {"properties": keys, "additionalProperties": False},
            }
        )
    return {"type": "object", "properties": _common("op"), "required": ["op"], "allOf": rules}


def _option_at(op: str, option: str) -> str:
    return f"#/definitions/{op}-options/properties/{option}"


def _options(op: str) -> dict[str, Schema]:
    """The options of an op; text is allowed where an expression may stand."""
    model = OPS[op].model_json_schema(ref_template="#/definitions/{model}")
    local = model.get("$defs", {})
    options: dict[str, Schema] = {}
    for name, field in model["properties"].items():
        if name != "op":
            kept = _stripped(_inlined(field, local))
            about = {key: kept.pop(key) for key in ("description", "examples", "default") if key in kept}
            options[name] = {**about, **_with_text(kept)}
    syntax = op_syntax(op)
    for key, meanings in words.KEY_SYNONYMS.items():
        option = syntax.option(key)
        if option in meanings and key not in options:
            options[key] = _described({"$ref": _option_at(op, option)}, f"Same as {option}.")
    return options


def _described(reference: Schema, description: str) -> Schema:
    """A reference with words of its own: beside `$ref` itself draft-07 reads nothing."""
    return {"description": description, "allOf": [reference]}


def _with_text(schema: Schema) -> Schema:
    """A schema that takes expressions, too: for the value, and for each value of a list.

    Alternatives of different types become one schema, of which an editor can say what is wrong.
    """
    alternatives = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    flat: Schema = {"type": []}
    named: list[Schema] = []
    for part in alternatives:
        if "enum" in part or "const" in part:
            named.append(part)
        elif "anyOf" in part:
            return {"anyOf": [*map(_with_text, alternatives)]}
        elif part.get("type") != "string":
            kinds = part.get("type", [])
            flat["type"] += [kinds] if isinstance(kinds, str) else kinds
            flat.update({key: value for key, value in part.items() if key != "type"})
    flat["type"].append("string")
    if "items" in flat:
        flat["items"] = _with_text(flat["items"])
    return {"anyOf": [*named, flat]} if named else flat


def _inlined(schema: Any, local: dict[str, Schema]) -> Any:
    """A schema with its references to definitions of its model replaced by what they say."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return {**_inlined(local[name], local), **rest}
        return {key: _inlined(value, local) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(value, local) for value in schema]
    return schema


def _or_nothing(schema: Schema) -> Schema:
    """A schema of mappings that also takes null, without a choice of alternatives."""
    if "$ref" in schema:
        return {"type": ["object", "null"], "if": {"type": "object"}, "then": schema}
    return {**schema, "type": [schema["type"], "null"]}


def _stripped(schema: Any) -> Any:
    """A schema without the titles that pydantic makes of names, and without null where a key may be left out."""
    if isinstance(schema, list):
        return [_stripped(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    alternatives = schema.get("anyOf", [])
    if len(alternatives) == 2 and alternatives[1] == {"type": "null"}:  # noqa: PLR2004 - something or nothing
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return _stripped({**_or_nothing(alternatives[0]), **rest})
    return {
        key: {name: _stripped(field) for name, field in value.items()} if key == "properties" else _stripped(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
