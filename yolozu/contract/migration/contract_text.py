"""A contract as its author wrote it, in which single keys are changed and every other character stays."""

from __future__ import annotations

import difflib
import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from yolozu.artifacts.plain_yaml import PARSER_ERRORS, anchors_again
from yolozu.contract.text.node import KeyPath, Node, Origin, Problem, dotted
from yolozu.contract.text.scalars import write_flow, write_scalar
from yolozu.contract.text.source import READERS
from yolozu.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_HAND = "change it by hand, as docs/explanation/evolution.md says, and run the command again"


class _Edit(NamedTuple):
    """Characters ``start`` to ``end`` of the text become ``text``."""

    start: int
    end: int
    text: str


class _Entry(NamedTuple):
    """A key of a map, with the parser's nodes of it and of its value, and the map's."""

    key: Any
    value: Any
    parent: Any


class ContractText:
    """The text of a contract and changes to it.

    A change is made for the text as it was when `apply` was called last; what cannot be done without guessing is
    refused instead, with the place in the original file and a way out.

    Attributes:
        text: as it is now.
        refused: what could not be done.
    """

    def __init__(self, text: str, file: str) -> None:
        """Take over a text that `read_source` has read without finding fault.

        Raises:
            ContractError: YZ368, it is JSON that the YAML parser cannot place.
        """
        self.text, self.refused = text, list[Problem]()
        self._original, self._file = text, file
        self._is_json = PurePath(file).suffix.lower() == ".json"
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._open()

    def get(self, path: KeyPath) -> Any:
        """The value at ``path``, plain; None where nothing is, and where null is."""
        node = self._node.find(path)
        return None if node is None else node.plain()

    def has(self, path: KeyPath) -> bool:
        """Whether ``path`` is written."""
        return self._node.find(path) is not None

    def names(self, path: KeyPath = ()) -> list[str]:
        """Keys of the map at ``path``, in order."""
        value = self.get(path)
        return list(value) if isinstance(value, dict) else []

    def rename(self, path: KeyPath, name: str) -> None:
        """Call the key at ``path`` ``name``; its value stays."""
        target = (*path[:-1], name)
        if name in _at(self._expected, path[:-1]):
            self.refuse(path, f"means {dotted(target)}, which is written, too", "keep one of the two", code="YZ369")
            return
        mark = self._entry(path).key
        self._edits.append(_Edit(mark.start_mark.index, mark.end_mark.index, self._written(name, mark.style)))
        parent = _at(self._expected, path[:-1])
        entries = [(name if key == path[-1] else key, value) for key, value in parent.items()]
        parent.clear()
        parent.update(entries)
        self._renamed[path] = name

    def replace(self, path: KeyPath, value: Any) -> None:
        """Give the key at ``path`` another value; a comment behind it stays."""
        key, old, _ = self._entry(path)
        if old.anchor is not None or old.start_mark.index < key.end_mark.index:
            self.refuse(path, "shares its value with other keys (& or *)", "write the values out")
            return
        start, end = old.start_mark.index, _end(old)
        if start == end:  # nothing is written, and the parser puts that before the next key
            start = end = self.text.index(":", key.end_mark.index) + 1
        space = " " if self.text[start - 1 : start] == ":" else ""
        self._edits.append(_Edit(start, end, space + self._shown(value)))
        _at(self._expected, path[:-1])[self._renamed.get(path, path[-1])] = value

    def remove(self, path: KeyPath) -> None:
        """Take the key at ``path`` out, with its lines."""
        entry = self._entry(path)
        if len(entry.parent.value) == 1:
            self.refuse(path, "is the only key there", BY_HAND)
            return
        self._edits.append(self._without(entry))
        del _at(self._expected, path[:-1])[path[-1]]

    def add(self, path: KeyPath, value: Any, *, before: KeyPath | None = None) -> None:
        """Write a key into a map that is there: before the key ``before`` of that map, or before its first key."""
        first = self._entry((*path[:-1], self.names(path[:-1])[0]) if before is None else before)
        start, column = first.key.start_mark.index, first.key.start_mark.column
        text = f"{self._written(str(path[-1]), first.key.style)}: {self._shown(value)}"
        line = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        if first.parent.flow_style:
            text += ","
        parting = self._newline + " " * column if not line.strip() else " "
        self._edits.append(_Edit(start, start, text + parting))
        _at(self._expected, path[:-1])[path[-1]] = value

    def refuse(self, path: KeyPath, problem: str, fix: str, *, code: str = "YZ368") -> None:
        """Say that what ``path`` means in the next version cannot be told."""
        self.refused.append(Problem.at(self._origin(path), path, code, problem, fix))

    def apply(self) -> None:
        """Make the changes since the last call; `text` is then what later ones start from.

        Changes that do not give the contract that they mean are refused as a whole: the text is laid out in a way that
        has to be changed by hand.
        """
        before, edits, expected = self.text, self._edits, self._expected
        for edit in sorted(edits, reverse=True):
            self.text = self.text[: edit.start] + edit.text + self.text[edit.end :]
        try:
            self._open()
        except ContractError:
            self._node = Node(None, Origin.of_file(self._file))
        if self._node.value is None or self._node.plain() != expected:
            self.text = before
            self._open()
            self.refuse((), "is laid out so that its keys cannot be changed alone", BY_HAND)

    def _open(self) -> None:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        self._node, problems = READERS[PurePath(self._file).suffix.lower()](self.text, self._file)
        if problems:
            raise ContractError(problem.finding for problem in sorted(problems))
        try:
            with anchors_again():
                self._root: Any = YAML(typ="safe", pure=True).compose(self.text)
        except (YAMLError, *PARSER_ERRORS) as error:
            found = Problem.at(self._node.origin, (), "YZ368", "is JSON whose keys cannot be changed alone", BY_HAND)
            raise ContractError([found.finding]) from error
        self._edits: list[_Edit] = []
        self._expected: dict[str, Any] = self._node.plain()
        self._renamed: dict[KeyPath, str] = {}

    def _entry(self, path: KeyPath) -> _Entry:
        parent, found = None, None
        value = self._root
        for part in path:
            parent = value
            found, value = next((key, node) for key, node in parent.value if key.value == part)
        return _Entry(found, value, parent)

    def _without(self, entry: _Entry) -> _Edit:
        pairs = entry.parent.value
        place = next(number for number, (key, _) in enumerate(pairs) if key is entry.key)
        if not entry.parent.flow_style:
            lines = self.text.splitlines(keepends=True)
            first, last = entry.key.start_mark.line, max(_last_line(entry.value), entry.key.end_mark.line)
            return _Edit(len("".join(lines[:first])), len("".join(lines[: last + 1])), "")
        if place + 1 < len(pairs):
            return _Edit(entry.key.start_mark.index, pairs[place + 1][0].start_mark.index, "")
        return _Edit(pairs[place - 1][1].end_mark.index, entry.value.end_mark.index, "")

    def _origin(self, path: KeyPath) -> Origin:
        """Where ``path`` stands in the original file."""
        origin = self._node.nearest(path).origin
        if origin.line == 0 or self.text == self._original:
            return origin
        now, before = self.text.splitlines(), self._original.splitlines()
        for mine, theirs, length in difflib.SequenceMatcher(None, now, before, autojunk=False).get_matching_blocks():
            if mine <= origin.line - 1 < mine + length:
                return Origin.in_file(self._file, origin.line - mine + theirs)
        return Origin.of_file(self._file)

    def _written(self, key: str, style: str | None) -> str:
        return f"{style}{key}{style}" if style in {'"', "'"} else write_scalar(key)

    def _shown(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False) if self._is_json else write_flow(value)


def _last_line(node: Any) -> int:
    """The last line that a value covers: a block's own end is where the next one begins."""
    children = [*_children(node)]
    if children and not node.flow_style:
        return max(_last_line(child) for child in children)
    end: int = node.end_mark.line
    return end - 1 if node.end_mark.column == 0 and end > node.start_mark.line else end


def _end(node: Any) -> int:
    """Where the last character of a value is."""
    children = [*_children(node)]
    end: int = node.end_mark.index
    return max(_end(child) for child in children) if children and not node.flow_style else end


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node.value, list):
        for entry in node.value:
            yield from entry if isinstance(entry, tuple) else (entry,)


def _at(value: dict[str, Any], path: KeyPath) -> dict[str | int, Any]:
    inside: Any = value
    for part in path:
        inside = inside[part]
    return inside  # type: ignore[no-any-return]
