"""What was written, before it means anything: plain values that remember where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from yolozu.errors import Finding

KeyPath = tuple[str | int, ...]


class _Broken:
    """The value of a key whose value could not be read; the finding that says so exists already."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN: Final = _Broken()


@dataclass(frozen=True, order=True)
class Origin:
    """Where a value was given.

    Attributes:
        layer: 0 for files, 1 for KEY=VALUE, 2 for flags; also the order in which findings are shown.
        file: the file, empty outside files.
        line: line in the file from 1, or position on the command line.
        text: what a person recognizes: ``exp.yaml:12``, ``lr=0.001``, ``--lr``.
    """

    layer: int
    file: str
    line: int
    text: str

    @classmethod
    def in_file(cls, file: str, line: int) -> Origin:
        """A line of a file."""
        return cls(0, file, line, f"{file}:{line}")

    @classmethod
    def of_file(cls, file: str) -> Origin:
        """A file as a whole."""
        return cls(0, file, 0, file)

    def where(self, path: KeyPath) -> str:
        """Where a finding about ``path`` points to."""
        key = dotted(path)
        if not key:
            return self.text
        if self.layer == 0:
            return f"{self.text}: {key}"
        said = self.text.partition("=")[0].removeprefix("--").replace("-", "_")
        return self.text if said == key else f"{self.text}: {key}"


DEFAULT_ORIGIN = Origin(3, "", 0, "default")


@dataclass
class Node:
    """A value with its origin; the values of maps and lists are nodes again."""

    value: Any
    origin: Origin

    def plain(self) -> Any:
        """The value without origins."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def find(self, path: KeyPath) -> Node | None:
        """The node at ``path``; None where nothing was given."""
        node: Node = self
        for part in path:
            try:
                node = node.value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return node

    def nearest(self, path: KeyPath) -> Node:
        """The node at ``path``, or its deepest ancestor that was given."""
        for length in range(len(path), 0, -1):
            found = self.find(path[:length])
            if found is not None:
                return found
        return self

    def put(self, path: KeyPath, node: Node) -> None:
        """Set ``path`` below this map, making maps on the way; what is no map there stays, to be reported as such."""
        parent = self
        for part in path[:-1]:
            parent = parent.value.setdefault(part, Node({}, node.origin))
            if not isinstance(parent.value, dict):
                return
        parent.value[path[-1]] = node

    def drop(self, path: KeyPath) -> bool:
        """Remove what is at ``path``; False when there was nothing."""
        parent = self.find(path[:-1])
        if parent is None or self.find(path) is None:
            return False
        del parent.value[path[-1]]
        return True

    def leaves(self, prefix: KeyPath = ()) -> Iterator[tuple[KeyPath, Node]]:
        """Every value that is no map, with its path; an empty map counts as a value."""
        if not isinstance(self.value, dict) or not self.value:
            yield prefix, self
            return
        for key, node in self.value.items():
            yield from node.leaves((*prefix, key))


@dataclass(frozen=True)
class Problem:
    """A finding and the place that orders it among others."""

    origin: Origin
    finding: Finding

    @classmethod
    def at(cls, origin: Origin, path: KeyPath, code: str, problem: str, fix: str) -> Problem:
        """A problem with the value of ``path``, given at ``origin``."""
        return cls(origin, Finding(code, printable(origin.where(path)), printable(problem), printable(fix)))

    def __lt__(self, other: Problem) -> bool:
        return self.origin < other.origin


def dotted(path: KeyPath) -> str:
    """``("model", "backbone", "name")`` as ``model.backbone.name``; list positions as ``[1]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            word = part if re.fullmatch(r"[\w-]+", part) else repr(part)
            text += f".{word}" if text else word
    return text


def printable(text: str) -> str:
    """``text`` on one line: what a terminal could not show is escaped."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    byte = ord(char) - 0xDC00  # how Python holds a byte that is no UTF-8
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else char.encode("unicode_escape").decode()
