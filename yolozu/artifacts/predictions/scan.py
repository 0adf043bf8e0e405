"""One pass over a predictions file: entries as they come, their detections in blocks."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from yolozu.artifacts.predictions.container import Attribute, Entry, Item, Layout, LooksLikeCoco, walk
from yolozu.artifacts.predictions.detections import Columns, DetectionRules, columns_of, findings_in, keys_of
from yolozu.artifacts.predictions.entries import ENTRY_KEYS, Head, read_entry
from yolozu.artifacts.predictions.fields import KNOWN_KEYS, brief, is_known, kind_of
from yolozu.artifacts.predictions.findings import member
from yolozu.artifacts.predictions.stream import BrokenJson, JsonText
from yolozu.errors import Finding, InputError
from yolozu.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from yolozu.artifacts.predictions.container import Envelope
    from yolozu.artifacts.predictions.findings import Findings, Place
    from yolozu.artifacts.predictions.image_names import KnownImages

BLOCK = 4096
"""Detections (or entries) that are checked at once."""

TOP: Place = (-1, -1)


class Sink(Protocol):
    """Who wants the numbers of a file that has no errors."""

    def start(self, envelope: Envelope) -> None:
        """A pass begins; what an earlier one gave is void. ``envelope`` fills as the file is read."""
        ...

    def take(self, heads: list[Head], columns: Columns) -> None:
        """A block without errors: its entries in order, and their detections end to end."""
        ...


class Scan:
    """One pass; ``layout`` is None until the file has shown it, ``ended_well`` False when it stopped being JSON."""

    def __init__(
        self,
        envelope: Envelope,
        findings: Findings,
        known: KnownImages | None,
        sink: Sink | None,
        *,
        passed: bool = False,
    ) -> None:
        self.layout: Layout | None = None
        self.ended_well = True
        self.entries = 0
        self.detections = 0
        self.seen: dict[str, tuple[int, str]] = {}
        self._envelope = envelope
        self._findings = findings
        self._known = known
        self._sink = sink
        self._passed = passed
        self._waiting: list[tuple[int, Entry, Head]] = []
        self._waiting_detections = 0
        self._unknown_keys: set[str] = set()

    def run(self, path: Path, layout: Layout | None) -> None:
        """Read the file to its end, or to where it stops being JSON.

        Raises:
            InputError: YZ701 when there is no such file.
            LooksWrapped: the file is wrapped, although it did not begin so.
            DeclaredLate: the box format was declared behind the entries.
        """
        try:
            with path.open("rb") as file:
                self.read(walk(JsonText(file, note_repeated=not self._passed), layout))
        except OSError as error:
            raise unreadable_file(path, error) from error

    def read(self, items: Iterable[Item]) -> None:
        """Go through the items of a file, wherever they come from.

        Raises:
            LooksWrapped, DeclaredLate: as `run`.
        """
        self._take_all(items)
        self._check_block()

    def _take_all(self, items: Iterable[Item]) -> None:
        try:
            for item in items:
                if isinstance(item, Entry):
                    self.layout = item.layout
                    self._take_entry(item)
                elif isinstance(item, Attribute):
                    self.layout = "wrapped"
                    self._findings.extend(TOP, self._envelope.take(item, entries_seen=self.entries > 0))
                else:
                    problem = f"{kind_of(item.value)} where a list of images' predictions should be"
                    fix = "write {schema_version: 1, predictions: [...]}, a list, or {image: [detections]}"
                    self._findings.add(TOP, Finding("YZ702", item.where, problem, fix))
        except BrokenJson as error:
            self.ended_well = False
            finding = broken_file(error, f"{self.entries} entries" if self.entries else None)
            self._findings.add((self.entries, -1), finding)
        except LooksLikeCoco:
            self.ended_well = False
            problem = "these are COCO results (image_id, category_id, bbox, score), not predictions by image"
            fix = "convert them: yolozu convert-predictions FILE --to wrapped --dataset ROOT --output predictions.json"
            self._findings.add(TOP, Finding("YZ722", "[0]", problem, fix))

    def _take_entry(self, entry: Entry) -> None:
        index = self.entries
        self.entries += 1
        head, findings = read_entry(entry, self._known, in_pixels=self._envelope.bbox_format != "cxcywh_norm")
        self._findings.extend((index, -1), findings)
        if isinstance(entry.value, dict):
            self._note_unknown((index, -1), entry.where, entry.value, ENTRY_KEYS)
        if head is None:
            return
        self._note_image(index, entry, head.image)
        self.detections += len(head.detections)
        self._waiting.append((index, entry, head))
        self._waiting_detections += len(head.detections)
        if self._waiting_detections >= BLOCK or len(self._waiting) >= BLOCK:
            self._check_block()

    def _note_image(self, index: int, entry: Entry, image: str) -> None:
        if not image:
            return
        first, where = self.seen.setdefault(image, (index, entry.image_where))
        if first != index:
            problem = f"{brief(image)} was already at {where}"
            fix = "write one entry per image, with all its detections"
            self._findings.add((index, -1), Finding("YZ713", entry.image_where, problem, fix))

    def _check_block(self) -> None:
        waiting, self._waiting, self._waiting_detections = self._waiting, [], 0
        heads = [head for _, _, head in waiting]
        detections = list(chain.from_iterable(head.detections for head in heads))
        rules = DetectionRules(self._envelope.bbox_format, None if self._known is None else self._known.category_ids)
        keys = frozenset[str]() if self._passed else keys_of(detections)
        if keys is None or not all(self._is_known(key) for key in keys):
            self._note_unknown_detection_keys(waiting)
        columns = None if keys is None else columns_of(detections, _sizes(heads), keys, rules)
        if columns is None or columns.suspects.any():
            self._look_closer(waiting, columns, rules)
        if self._sink is not None and columns is not None and not self._findings.total("error"):
            self._sink.take(heads, columns)

    def _look_closer(
        self, waiting: list[tuple[int, Entry, Head]], columns: Columns | None, rules: DetectionRules
    ) -> None:
        """Check the suspects of a block exactly: all of them where no columns could be made."""
        start = 0
        for index, entry, head in waiting:
            end = start + len(head.detections)
            rows = range(end - start) if columns is None else np.flatnonzero(columns.suspects[start:end]).tolist()
            for row in rows:
                where = f"{entry.detections_where}[{row}]"
                self._findings.extend((index, row), findings_in(head.detections[row], where, head.size, rules))
            start = end

    def _is_known(self, key: str) -> bool:
        return is_known(key) or key in self._unknown_keys

    def _note_unknown_detection_keys(self, waiting: list[tuple[int, Entry, Head]]) -> None:
        for index, entry, head in waiting:
            for row, detection in enumerate(head.detections):
                if isinstance(detection, dict) and not all(self._is_known(key) for key in detection):
                    self._note_unknown((index, row), f"{entry.detections_where}[{row}]", detection, KNOWN_KEYS)

    def _note_unknown(self, place: Place, where: str, value: dict[str, Any], known: tuple[str, ...]) -> None:
        """One warning for each key that nothing reads, at its first place."""
        for key in value:
            if key in known or key in self._unknown_keys or (known is KNOWN_KEYS and is_known(key)):
                continue
            self._unknown_keys.add(key)
            guess = nearest(key, list(known))
            fix = (
                f"did you mean {guess!r}?"
                if guess
                else f"known are {', '.join(known)}; it is kept, and nothing reads it"
            )
            problem = "unknown key (said once, at its first place)"
            self._findings.add(place, Finding("YZ705", member(where, key), problem, fix, "warning"))


def broken_file(error: BrokenJson, read: str | None) -> Finding:
    """What is said of a text that stops being JSON after ``read`` (such as "3 entries")."""
    where = error.place if read is None else f"{error.place}, after {read}"
    problem = f"no JSON from here on: {error.problem}; nothing behind this place was checked"
    return Finding("YZ701", where, problem, "write the file again; it may have been cut off")


def unreadable_file(path: Path, error: OSError) -> InputError:
    """What is said of a file that cannot be opened."""
    fix = "give the path of a predictions file"
    return InputError([Finding("YZ701", str(path), f"cannot be read: {error.strerror}", fix)])


def _sizes(heads: list[Head]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(N, 2) image width and height of each detection, px; NaN where unknown."""
    unknown = (float("nan"), float("nan"))
    sizes = np.array([head.size or unknown for head in heads], np.float64).reshape(-1, 2)
    return np.repeat(sizes, [len(head.detections) for head in heads], axis=0)
