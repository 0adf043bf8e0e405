"""The three layouts of a predictions file, written entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.predictions.convert.entry import ConvertedEntry, LeftOut
from yolozu.artifacts.predictions.json_path import member, top_member
from yolozu.artifacts.predictions.layout import WRAPPED_KEYS
from yolozu.artifacts.predictions.types import SCHEMA_VERSION
from yolozu.artifacts.predictions.writer import json_text
from yolozu.errors import Finding


class WrappedTarget:
    """``{schema_version, meta, predictions}``: has a place for everything."""

    def __init__(self, file: TextIO, box_format: BoxFormat) -> None:
        self.box_format: BoxFormat = box_format
        self._file = file
        self._written: set[str] = set()
        self._entries = 0

    def start(self, attributes: Mapping[str, Any]) -> None:
        """Begin anew, with the attributes that stood before the entries."""
        self._entries = 0
        self._written = {"schema_version", "predictions"}
        self._file.write(f'{{"schema_version":{SCHEMA_VERSION},')
        if "meta" in attributes:
            self._write_attributes(attributes, "{},")
        self._file.write('"predictions":[')

    def add(self, entry: ConvertedEntry) -> list[Finding]:
        """Write one entry."""
        self._file.write(",\n" if self._entries else "\n")
        self._file.write(json_text({"image": entry.image, **entry.fields, "detections": entry.detections}))
        self._entries += 1
        return []

    def end(self, attributes: Mapping[str, Any]) -> None:
        """Write the attributes that stood behind the entries."""
        self._file.write("\n]")
        self._write_attributes({"meta": {}, **attributes}, ",{}")
        self._file.write("}\n")

    def _write_attributes(self, attributes: Mapping[str, Any], how: str) -> None:
        for key, value in attributes.items():
            if key not in self._written:
                said = {**value, "bbox_format": self.box_format} if key == "meta" else value
                self._file.write(how.format(f"{json_text(key)}:{json_text(said)}"))
                self._written.add(key)


class ListTarget:
    """A bare list of entries."""

    def __init__(self, file: TextIO, box_format: BoxFormat, left_out: LeftOut) -> None:
        self.box_format: BoxFormat = box_format
        self._file = file
        self._left_out = left_out
        self._entries = 0

    def start(self, attributes: Mapping[str, Any]) -> None:  # noqa: ARG002 - the protocol's
        """Begin anew."""
        self._entries = 0
        self._file.write("[")

    def add(self, entry: ConvertedEntry) -> list[Finding]:
        """Write one entry."""
        self._file.write(",\n" if self._entries else "\n")
        self._file.write(json_text({"image": entry.image, **entry.fields, "detections": entry.detections}))
        self._entries += 1
        return []

    def end(self, attributes: Mapping[str, Any]) -> None:
        """Close the list."""
        self._file.write("\n]\n")
        note_attributes(attributes, self._left_out)


class MapTarget:
    """``{image: [detections]}``."""

    def __init__(self, file: TextIO, box_format: BoxFormat, left_out: LeftOut) -> None:
        self.box_format: BoxFormat = box_format
        self._file = file
        self._left_out = left_out
        self._entries = 0

    def start(self, attributes: Mapping[str, Any]) -> None:  # noqa: ARG002 - the protocol's
        """Begin anew."""
        self._entries = 0
        self._file.write("{")

    def add(self, entry: ConvertedEntry) -> list[Finding]:
        """Write one entry, unless its name would make the file another layout."""
        if entry.image in WRAPPED_KEYS:
            problem = f"an image called {entry.image!r} would make the map a wrapped file"
            return [Finding("YZ726", entry.where, problem, "convert to wrapped or list")]
        for key in entry.fields:
            self._left_out.note("entries", key)
        self._file.write(",\n" if self._entries else "\n")
        self._file.write(f"{json_text(entry.image)}:{json_text(entry.detections)}")
        self._entries += 1
        return []

    def end(self, attributes: Mapping[str, Any]) -> None:
        """Close the object."""
        self._file.write("\n}\n")
        note_attributes(attributes, self._left_out)


def note_attributes(attributes: Mapping[str, Any], left_out: LeftOut) -> None:
    """Count the keys beside the entries, as far as they say anything but the box format."""
    for key, value in attributes.items():
        if key == "meta":
            for inner in value:
                if inner != "bbox_format":
                    left_out.note("file", member("meta", inner))
        elif key not in WRAPPED_KEYS:
            left_out.note("file", top_member(key))
