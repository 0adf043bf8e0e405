"""What a wrapped predictions file says about itself, beside its entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.detections import brief, kind_of
from yolozu.artifacts.predictions.json_path import top_member
from yolozu.artifacts.predictions.layout import WRAPPED_KEYS
from yolozu.artifacts.predictions.types import SCHEMA_VERSION
from yolozu.artifacts.predictions.unread import unread_findings
from yolozu.errors import Finding
from yolozu.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.artifacts.predictions.layout import Attribute


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
            yield from unread_findings(attribute.value, top)
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
        yield from unread_findings(meta, "meta")
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
