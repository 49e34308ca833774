"""The options of ops as JSON Schema: what their models say, and text where an expression may stand."""

from __future__ import annotations

from typing import Any

from cnncalc.ops.base import OPS
from cnncalc.spec import words
from cnncalc.spec.syntax import op_syntax

Schema = dict[str, Any]


def ops() -> list[str]:
    """The ops that a file can name."""
    return sorted(op for op in OPS if op.isidentifier())


def option_at(op: str, option: str) -> str:
    """Where the schema of an option stands."""
    return f"#/definitions/{op}-options/properties/{option}"


def options(op: str) -> dict[str, Schema]:
    """The options of an op; text is allowed where an expression may stand."""
    model = OPS[op].model_json_schema(ref_template="#/definitions/{model}")
    local = model.get("$defs", {})
    found: dict[str, Schema] = {}
    for name, field in model["properties"].items():
        if name != "op":
            kept = stripped(_inlined(field, local))
            about = {key: kept.pop(key) for key in ("description", "examples", "default") if key in kept}
            found[name] = {**about, **_with_text(kept)}
    syntax = op_syntax(op)
    for key, meanings in words.KEY_SYNONYMS.items():
        option = syntax.option(key)
        if option in meanings and key not in found:
            found[key] = described({"$ref": option_at(op, option)}, f"Same as {option}.")
    return found


def described(reference: Schema, description: str) -> Schema:
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


def stripped(schema: Any) -> Any:
    """A schema without the titles that pydantic makes of names, and without null where a key may be left out."""
    if isinstance(schema, list):
        return [stripped(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    alternatives = schema.get("anyOf", [])
    if len(alternatives) == 2 and alternatives[1] == {"type": "null"}:  # noqa: PLR2004 - something or nothing
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return stripped({**_or_nothing(alternatives[0]), **rest})
    return {
        key: {name: stripped(field) for name, field in value.items()} if key == "properties" else stripped(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
