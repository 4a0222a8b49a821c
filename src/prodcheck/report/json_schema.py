"""JSON Schemas of the JSON report and of comparisons, derived from their types, so that the two cannot disagree.

What is published is the promise: a key that a later version adds is neither refused by an older schema nor, marked with
`Since`, asked of older reports.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from prodcheck.report.json_types import SCHEMA_VERSION, ReportJson, Since

PLACE = "https://github.com/prodcheck/prodcheck/blob/main/docs/"
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema(shape: Any = ReportJson) -> dict[str, Any]:
    """The schema of one of the documents as a dictionary (JSON Schema 2020-12)."""
    name = shape.__name__.removesuffix("Json").lower()
    definitions: dict[str, Any] = {}
    root = _object(shape, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{PLACE}{name}.schema.json",
        "title": f"prodcheck {name}, schema version {SCHEMA_VERSION}",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def tables(shape: Any = ReportJson) -> str:
    """The same as Markdown, one table per object, for the documentation. The objects of the report are told with it."""
    whole = schema(shape)
    known = {} if shape is ReportJson else schema()["$defs"]
    parts = [_table(shape.__name__.removesuffix("Json"), whole)]
    parts += [_table(name, definition) for name, definition in _in_order(whole) if name not in known]
    return "\n".join(parts)


def _in_order(whole: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The definitions in the order in which a reader meets them."""
    found: dict[str, Mapping[str, Any]] = {}

    def visit(node: object) -> None:
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found[name] = whole["$defs"][name]
                visit(whole["$defs"][name])
            for value in node.values():
                visit(value)
        elif isinstance(node, list):
            for value in node:
                visit(value)

    visit(whole["properties"])
    return list(found.items())


def _object(shape: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(shape, include_extras=True)
    return {
        "type": "object",
        "description": " ".join((shape.__doc__ or "").split()),
        "properties": {name: _node(hint, definitions) for name, hint in hints.items()},
        "required": [name for name, hint in hints.items() if not any(isinstance(e, Since) for e in _extras(hint))],
    }


def _extras(hint: Any) -> tuple[object, ...]:
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()


def _node(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin is Annotated:
        base, *extras = get_args(hint)
        node = _node(base, definitions)
        for extra in extras:
            node = {**node, **_extra(extra)}
        return node
    if is_typeddict(hint):
        name = hint.__name__.removesuffix("Json")
        if name not in definitions:
            definitions[name] = {}  # holds the place while its parts are visited
            definitions[name] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if origin is list:
        return {"type": "array", "items": _node(get_args(hint)[0], definitions)}
    if origin is Literal:
        values = list(get_args(hint))
        return {"const": values[0]} if len(values) == 1 else {"enum": values}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_node(part, definitions) for part in get_args(hint)]}
    return {"type": _SCALARS[hint]}


def _extra(extra: object) -> dict[str, Any]:
    if isinstance(extra, Since):
        return {"description": extra.text}
    if isinstance(extra, str):
        return {"description": extra}
    if isinstance(extra, type) and issubclass(extra, Enum):
        return {"enum": [member.value for member in extra]}
    assert isinstance(extra, tuple)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in extra}


def _table(name: str, definition: Mapping[str, Any]) -> str:
    lines = [f"### {name}", "", definition["description"], "", "| key | type | meaning |", "|---|---|---|"]
    for key, node in definition["properties"].items():
        lines.append(f"| `{key}` | {_type_name(node)} | {node.get('description', '')} |")
    return "\n".join([*lines, ""])


def _type_name(node: Mapping[str, Any]) -> str:
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in node:
        return " or ".join(_type_name(part) for part in node["anyOf"])
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if node["type"] == "array":
        return f"list of {_type_name(node['items'])}"
    limits = f" {node['minimum']} to {node['maximum']}" if "maximum" in node else ""
    return f"time ({node['type']})" if node.get("format") == "date-time" else f"{node['type']}{limits}"
