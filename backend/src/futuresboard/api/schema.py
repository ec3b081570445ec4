"""The words JSON schemas are written in, and schemas that have a name. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

type Schema = Mapping[str, object] | Component


@dataclass(frozen=True, eq=False)
class Component:
    """A schema the OpenAPI document defines once, by name, and refers to elsewhere."""

    name: str
    schema: Mapping[str, object]


STRING: Mapping[str, object] = {"type": "string"}
INTEGER: Mapping[str, object] = {"type": "integer"}
BOOLEAN: Mapping[str, object] = {"type": "boolean"}
REAL: Mapping[str, object] = {"type": "number"}
NUMBER: Mapping[str, object] = {"type": ["number", "null"]}
"""A number that may be unknown."""
NULL: Mapping[str, object] = {"type": "null"}
ANYTHING: Mapping[str, object] = {}


def doc(schema: Mapping[str, object], text: str) -> Mapping[str, object]:
    """The schema with a description."""
    return {**schema, "description": text}


def nullable(schema: Mapping[str, object]) -> Mapping[str, object]:
    """The schema of a plain type, or null."""
    more = {"enum": [*found, None]} if isinstance(found := schema.get("enum"), list) else {}
    return {**schema, "type": [schema["type"], "null"], **more}


def words(values: Sequence[str]) -> Mapping[str, object]:
    """One of some words."""
    return {"type": "string", "enum": [str(value) for value in values]}


def array(items: Schema) -> Mapping[str, object]:
    """A list of things alike."""
    return {"type": "array", "items": items}


def mapping(values: Schema) -> Mapping[str, object]:
    """An object with keys that are not known beforehand."""
    return {"type": "object", "additionalProperties": values}


def either(*schemas: Schema) -> Mapping[str, object]:
    """Any of several."""
    return {"anyOf": list(schemas)}


def record(properties: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Mapping[str, object]:
    """An object with these keys; all of them are always there, save `optional`."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def referring(schema: Schema, components: dict[str, object]) -> object:
    """The schema as the document has it: named ones are put into `components` and referred to."""
    if isinstance(schema, Component):
        if schema.name not in components:
            # Named before it is followed: one that refers to itself ends here.
            components[schema.name] = {}
            components[schema.name] = _followed(schema.schema, components)
        return {"$ref": f"#/components/schemas/{schema.name}"}
    return _followed(schema, components)


def _followed(part: object, components: dict[str, object]) -> object:
    if isinstance(part, Component):
        return referring(part, components)
    if isinstance(part, Mapping):
        return {name: _followed(value, components) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_followed(value, components) for value in part]
    return part


def fields_of(
    kind: type, docs: Mapping[str, str] | None = None, without: Sequence[str] = ()
) -> dict[str, Schema]:
    """The fields of a dataclass of plain values, words, lists of them and dataclasses, with their schemas."""
    hints, texts = get_type_hints(kind), docs or {}
    shown = {one.name: _of_type(hints[one.name]) for one in fields(kind) if one.name not in without}
    return {name: doc(schema, texts[name]) if name in texts else schema for name, schema in shown.items()}


_PLAIN: Mapping[type, Mapping[str, object]] = {bool: BOOLEAN, int: INTEGER, float: REAL, str: STRING}


def _of_type(hint: Any) -> Mapping[str, object]:
    choices = get_args(hint)
    if type(None) in choices:
        (kind,) = (one for one in choices if one is not type(None))
        return nullable(_of_type(kind))
    if get_origin(hint) is tuple:
        return array(_of_type(choices[0]))
    if is_dataclass(hint) and isinstance(hint, type):
        return record(fields_of(hint))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return words(tuple(hint))
    return _PLAIN[hint]
