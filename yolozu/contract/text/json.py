"""JSON text -> nodes with lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from yolozu.contract.text.node import BROKEN, KeyPath, Node, Origin, Problem
from yolozu.contract.text.structure import MAX_DEPTH, StructureError, duplicate, strange_text, too_deep, top_level
from yolozu.errors import ContractError

# The text is known to be JSON when this is used, so tokens need no checks of their own.
_TOKEN = re.compile(r'[{}\[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}\[\]:,"]+')


def read_json_text(text: str, file: str) -> tuple[Node, list[Problem]]:
    """The map in a JSON text.

    Raises:
        ContractError: YZ106 where it is no JSON, YZ113 where it holds no map.
    """
    if not text.strip():
        raise ContractError([top_level(None, file).finding])
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        origin = Origin.in_file(file, error.lineno)
        problem = f"no JSON from column {error.colno}: {error.msg[0].lower()}{error.msg[1:]}"
        raise ContractError([Problem.at(origin, (), "YZ106", problem, "correct the JSON").finding]) from error
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        problem = "is nested too deeply" if deep else "holds a number of thousands of digits"
        raise ContractError([Problem.at(Origin.of_file(file), (), "YZ106", problem, "simplify it").finding]) from error
    reader = _Reader(text, file)
    try:
        node = reader.value((), depth=0)
    except StructureError as stop:
        raise ContractError([stop.problem.finding]) from stop
    if not isinstance(node.value, dict):
        raise ContractError([top_level(node, file).finding])
    return node, reader.problems


class _Reader:
    """Walks the tokens of a valid JSON text."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._tokens = self._scan(text)
        self.problems: list[Problem] = []

    def value(self, path: KeyPath, depth: int) -> Node:
        """The next value."""
        word, line = next(self._tokens)
        return self._after(word, Origin.in_file(self._file, line), path, depth)

    def _scan(self, text: str) -> Iterator[tuple[str, int]]:
        line, seen = 1, 0
        for match in _TOKEN.finditer(text):
            line += text.count("\n", seen, match.start())
            seen = match.start()
            if match.group() not in ",:":
                yield match.group(), line

    def _after(self, word: str, origin: Origin, path: KeyPath, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise StructureError(too_deep(origin, path))
        if word == "{":
            return Node(self._map(path, depth), origin)
        if word == "[":
            return Node(self._list(path, depth), origin)
        return Node(self._scalar(json.loads(word), origin, path), origin)

    def _map(self, path: KeyPath, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for word, line in iter(self._tokens.__next__, None):
            if word == "}":
                break
            key = json.loads(word)
            node = self.value((*path, key), depth + 1)
            node.origin = Origin.in_file(self._file, line)
            strange = strange_text(key, node.origin, (*path, key))
            if strange is not None:
                self.problems.append(strange)
            elif key in entries:
                self.problems.append(duplicate(entries[key].origin, node.origin, (*path, key)))
            else:
                entries[key] = node
        return entries

    def _list(self, path: KeyPath, depth: int) -> list[Node]:
        entries: list[Node] = []
        for word, line in iter(self._tokens.__next__, None):
            if word == "]":
                break
            here = (*path, len(entries))
            entries.append(self._after(word, Origin.in_file(self._file, line), here, depth + 1))
        return entries

    def _scalar(self, value: Any, origin: Origin, path: KeyPath) -> Any:
        problem = strange_text(value, origin, path)
        if problem is None:
            return value
        self.problems.append(problem)
        return BROKEN
