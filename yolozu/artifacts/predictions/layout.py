"""The three layouts of a predictions file, walked as one stream of entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from yolozu.artifacts.predictions.json_path import quoted
from yolozu.artifacts.predictions.stream import JsonText

Layout = Literal["wrapped", "list", "map"]

WRAPPED_KEYS = ("schema_version", "predictions", "meta")
COCO_ROW_KEYS = frozenset(("image_id", "category_id", "bbox", "score"))
"""Of each detection in a file of COCO results."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the file says about one image.

    Attributes:
        where: JSON path of the entry.
        image_where: JSON path of its image name.
        detections_where: JSON path of its detections.
        value: the entry as an object, or whatever stands there instead.
        layout: of the file.
    """

    where: str
    image_where: str
    detections_where: str
    value: Any
    layout: Layout


@dataclass(frozen=True, slots=True)
class Attribute:
    """A key of the wrapped layout beside ``predictions``."""

    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class NotEntries:
    """Something else where the list of entries, or the whole file, should be."""

    where: str
    value: Any


class LooksLikeCoco(Exception):
    """The first element is a row of COCO results, not an image's entry."""


class LooksWrapped(Exception):
    """A file that began like ``{image: [detections]}`` has a key ``predictions``: it is the wrapped layout."""


Item = Entry | Attribute | NotEntries


def walk(text: JsonText, layout: Layout | None = None) -> Iterator[Item]:
    """Entries and attributes in the order of the file.

    The first key tells a wrapped file from ``{image: [detections]}``, unless ``layout`` says so.

    Raises:
        BrokenJson: the text ends being JSON.
        LooksLikeCoco: it is a list of another kind.
        LooksWrapped: read it again with ``layout="wrapped"``.
    """
    start = text.peek()
    if start == "[":
        yield from _list_entries(text, "")
    elif start == "{":
        yield from _object_items(text, layout)
    else:
        yield NotEntries("$", text.value())
    text.end()


def is_coco_row(value: Any) -> bool:
    """Whether a value is a row of COCO results, as far as its keys tell."""
    return isinstance(value, dict) and value.keys() >= COCO_ROW_KEYS and "detections" not in value


def _list_entries(text: JsonText, prefix: str) -> Iterator[Entry]:
    for index, value in enumerate(text.elements()):
        if index == 0 and is_coco_row(value):
            raise LooksLikeCoco
        where = f"{prefix}[{index}]"
        yield Entry(where, f"{where}.image", f"{where}.detections", value, "wrapped" if prefix else "list")


def _object_items(text: JsonText, layout: Layout | None) -> Iterator[Item]:
    for key in text.members():
        if layout is None:
            layout = "wrapped" if key in WRAPPED_KEYS else "map"
        if layout == "map":
            if key == "predictions":
                raise LooksWrapped
            where = f"[{quoted(key)}]"
            yield Entry(where, where, where, {"image": key, "detections": text.value()}, "map")
        elif key == "predictions":
            yield Attribute(key, None)
            is_list = text.peek() == "["
            yield from _list_entries(text, key) if is_list else [NotEntries(key, text.value())]
        else:
            yield Attribute(key, text.value())
