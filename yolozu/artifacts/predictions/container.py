"""What holds the entries of a predictions file: one of three layouts, and the keys beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.fields import brief, extra_findings, kind_of
from yolozu.artifacts.predictions.findings import quoted, top_member
from yolozu.artifacts.predictions.stream import JsonText
from yolozu.errors import Finding
from yolozu.registry import nearest

Layout = Literal["wrapped", "list", "map"]

SCHEMA_VERSION = 1
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


class DeclaredLate(Exception):
    """``meta.bbox_format`` stands behind the entries, and says otherwise than was assumed: read the file again."""

    def __init__(self, bbox_format: BoxFormat) -> None:
        super().__init__(bbox_format)
        self.bbox_format = bbox_format


class Envelope:
    """Collects the keys beside the entries, and settles the box format."""

    def __init__(self, asked: BoxFormat | None, declared: BoxFormat | None) -> None:
        self.bbox_format: BoxFormat = asked or declared or "cxcywh_norm"
        self.values: dict[str, Any] = {}
        self._asked = asked

    @property
    def meta(self) -> dict[str, Any]:
        """The file's ``meta``; empty where it has none that is an object."""
        meta = self.values.get("meta")
        return meta if isinstance(meta, dict) else {}

    def take(self, attribute: Attribute, *, entries_seen: bool) -> Iterator[Finding]:
        """Note a key and its value, and say what is wrong with them.

        Raises:
            DeclaredLate: the entries seen were read in another box format than the one declared here.
        """
        key, top = attribute.key, top_member(attribute.key)
        if key in self.values:
            yield Finding("YZ706", top, "the key stands twice", "keep one of them")
        if key not in WRAPPED_KEYS:
            guess = nearest(key, list(WRAPPED_KEYS))
            fix = f"did you mean {guess!r}?" if guess else f"known are {', '.join(WRAPPED_KEYS)}"
            yield Finding("YZ705", top, "unknown key", fix, "warning")
            yield from extra_findings(attribute.value, top)
        self.values[key] = attribute.value
        if key == "meta":
            yield from self._take_meta(attribute.value, entries_seen=entries_seen)

    def missing(self) -> Iterator[Finding]:
        """What a wrapped file should have said by its end."""
        if "predictions" not in self.values:
            yield Finding("YZ703", "predictions", "missing", "write {schema_version: 1, predictions: [...]}")
        if "schema_version" not in self.values:
            problem = f"missing; read as version {SCHEMA_VERSION}"
            yield Finding("YZ704", "schema_version", problem, f"write schema_version: {SCHEMA_VERSION}", "warning")
            return
        version = self.values["schema_version"]
        if type(version) is not int or version != SCHEMA_VERSION:
            problem = f"{kind_of(version)} is no version this program reads"
            yield Finding("YZ704", "schema_version", problem, f"write predictions of version {SCHEMA_VERSION}")

    def _take_meta(self, meta: Any, *, entries_seen: bool) -> Iterator[Finding]:
        if not isinstance(meta, dict):
            yield Finding("YZ707", "meta", f"{kind_of(meta)}, not an object", "write an object, or leave it out")
            return
        yield from extra_findings(meta, "meta")
        declared = meta.get("bbox_format")
        if declared is None:
            return
        if declared not in get_args(BoxFormat):
            fix = f"choose one of {', '.join(get_args(BoxFormat))}"
            yield Finding("YZ718", "meta.bbox_format", f"{brief(declared)} is no format of boxes", fix)
        elif self._asked is not None and declared != self._asked:
            fix = "drop --bbox-format, or correct the file"
            yield Finding("YZ718", "meta.bbox_format", f"{declared}, but {self._asked} was asked for", fix)
        elif declared != self.bbox_format:
            if entries_seen:
                raise DeclaredLate(declared)
            self.bbox_format = declared
