"""How the spec of an older run reads today: keys that came later have the value that means their absence."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from yolozu.contract.base import FilePath, Location, Neutral
from yolozu.contract.strict.slots import Slot, slot_at, slots_of


def comparable(spec: type[BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    """What of a spec decides a result, in the same form whichever release wrote it.

    Keys that the release did not have yet are there with their neutral value (`Neutral`, else the default); keys that
    only say where something is (`Location`) are not.

    Args:
        spec: the spec's class as it is today.
        values: a spec as JSON, of any release.
    """
    known = {
        key: _value(slot, values[key]) if key in values else _neutral(slot)
        for key, slot in slots_of(spec).items()
        if not _has(slot, Location)
    }
    return known | {key: value for key, value in values.items() if key not in slots_of(spec)}


def telling(spec: type[BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    """What of a spec is not neutral: the same text for the same result, whichever keys a release has.

    Where a default has changed, two specs may tell the same; `comparable` says whether they are.
    """
    return _otherwise(comparable(spec, values), comparable(spec, {}))


def decides_nothing(key: str) -> bool:
    """Whether a key (flat or dotted) only tells where something is that is no input: it makes nothing stale, ever."""
    slot = slot_at(tuple(key.split(".")))
    return slot is not None and _has(slot, Location) and not _has(slot, FilePath)


def _otherwise(values: dict[str, Any], neutral: dict[str, Any]) -> dict[str, Any]:
    kept = {}
    for key, value in values.items():
        usual = neutral.get(key)
        if key not in neutral or value != usual:
            kept[key] = _otherwise(value, usual) if isinstance(value, dict) and isinstance(usual, dict) else value
    return kept


def _value(slot: Slot, value: Any) -> Any:
    section = next((option.section for option in slot.options if option.section is not None), None)
    return comparable(section, value) if section is not None and isinstance(value, dict) else value


def _neutral(slot: Slot) -> Any:
    stated = next((entry.value for entry in slot.metadata if isinstance(entry, Neutral)), None)
    if stated is not None or _has(slot, Neutral):
        return stated
    return comparable(slot.section, {}) if slot.section is not None else to_jsonable_python(slot.default)


def _has(slot: Slot, kind: type) -> bool:
    return any(isinstance(entry, kind) for entry in slot.metadata)
