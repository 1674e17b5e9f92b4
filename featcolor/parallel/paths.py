"""Paths inside the work that goes to another machine: found, and put in other places, wherever in it they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from featcolor.names import shown

Value = TypeVar("Value")


def paths_in(value: Any) -> list[Path]:
    """Every path in a value, once, in order: in dataclasses, tuples, lists and dictionaries, however deep."""
    found: dict[Path, None] = {}

    def note(leaf: Any) -> Any:
        if isinstance(leaf, Path):
            found[leaf] = None
        return leaf

    changed(value, note)
    return list(found)


def moved(value: Value, places: Mapping[Path, Path]) -> Value:
    """The same value with paths in other places; what is not among them stays."""
    return changed(value, lambda leaf: places.get(leaf, leaf) if isinstance(leaf, Path) else leaf)


def told_as(value: Value, places: Mapping[Path, Path]) -> Value:
    """A value whose words name paths as the sender does (the keys), not by where they were put (the values)."""
    folders = {f"{place.parent}/": _folder(path) for path, place in places.items() if place != path}
    # A folder within another comes first.
    ordered = [(there, folders[there]) for there in sorted(folders, key=len, reverse=True)]

    def told(leaf: Any) -> Any:
        if isinstance(leaf, str):
            for there, here in ordered:
                leaf = leaf.replace(there, here).replace(shown(there), shown(here))
        return leaf

    return changed(value, told)


def changed(value: Value, leaf: Callable[[Any], Any]) -> Value:
    """The same value with `leaf` called on all that is no dataclass, tuple, list or dictionary; none is changed itself.

    What holds nothing that changes is given back as it is.
    """
    return _changed(value, leaf)


def _changed(value: Any, leaf: Callable[[Any], Any]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        parts = _parts(fields, leaf)
        return value if parts is fields else dataclasses.replace(value, **parts)
    if isinstance(value, Mapping):
        return _parts(value, leaf)
    if isinstance(value, tuple | list):
        elements = [_changed(element, leaf) for element in value]
        if _same(elements, value):
            return value
        return type(value)(*elements) if hasattr(value, "_fields") else type(value)(elements)
    return leaf(value)


def _parts(value: Mapping[Any, Any], leaf: Callable[[Any], Any]) -> Mapping[Any, Any]:
    parts = {key: _changed(part, leaf) for key, part in value.items()}
    return value if _same(parts.values(), value.values()) else parts


def _same(one: Iterable[Any], other: Iterable[Any]) -> bool:
    return all(a is b for a, b in zip(one, other, strict=True))


def _folder(path: Path) -> str:
    """What stands before a path's name as a person wrote it."""
    return str(path)[: len(str(path)) - len(path.name)]
