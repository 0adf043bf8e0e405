"""What may stand in a key, in words; for errors and the reference page."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import JsonValue

from yolozu.contract.base import Form
from yolozu.contract.strict.slots import Slot, slot_of
from yolozu.contract.text.scalars import write_flow

MAX_SHOWN = 40


def allowed(slot: Slot) -> str:
    """What ``slot`` takes, so that ``must be …`` reads well."""
    form = next((entry for entry in slot.metadata if isinstance(entry, Form)), None)
    if form is not None:
        return form.words
    if len(slot.options) > 1:
        kinds = [allowed(Slot(option.annotation, (*option.metadata, *slot.metadata))) for option in slot.options]
        return f"{', '.join(kinds[:-1])}, or {kinds[-1]}"
    if slot.is_choice:
        return _either([write_flow(choice) for choice in get_args(slot.annotation)])
    if slot.section is not None:
        return "a map"
    return _plain(slot)


def _plain(slot: Slot) -> str:
    if slot.item is not None:
        return f"a list whose elements are {allowed(slot.item)}"
    if get_origin(slot.annotation) is dict:
        return f"a map whose values are {allowed(slot_of(get_args(slot.annotation)[1]))}"
    not_empty = any(hasattr(entry, "min_length") for entry in slot.metadata)
    words = {
        type(None): "null",
        bool: "true or false",
        int: f"a whole number{_range(slot, whole=True)}",
        float: f"a number{_range(slot, whole=False)}",
        str: "a text that is not empty" if not_empty else "a text",
        JsonValue: "anything",
    }
    return words[slot.annotation]


def _range(slot: Slot, *, whole: bool) -> str:
    bounds = {name: value for entry in slot.metadata for name, value in _bounds(entry).items()}
    if whole and bounds.get("gt") == 0:
        bounds["ge"] = 1
        del bounds["gt"]
    low = f"of at least {bounds['ge']:g}" if "ge" in bounds else f"above {bounds['gt']:g}" if "gt" in bounds else ""
    high = f"at most {bounds['le']:g}" if "le" in bounds else f"below {bounds['lt']:g}" if "lt" in bounds else ""
    if "ge" in bounds and "le" in bounds:
        text = f" from {bounds['ge']:g} to {bounds['le']:g}"
    else:
        text = f" {low} and {high}" if low and high else f" {low}{high}" if low or high else ""
    return f"{text}, a multiple of {bounds['multiple_of']:g}" if "multiple_of" in bounds else text


def _bounds(entry: Any) -> dict[str, float]:
    return {name: getattr(entry, name) for name in ("ge", "gt", "le", "lt", "multiple_of") if hasattr(entry, name)}


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def shown(value: Any) -> str:
    """A value as it is written in YAML, cut where it is long."""
    text = write_flow(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
