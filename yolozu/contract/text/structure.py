"""What YAML and JSON allow and a contract does not."""

from __future__ import annotations

from typing import Any

from yolozu.contract.text.node import KeyPath, Node, Origin, Problem

MAX_DEPTH = 32


class StructureError(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def top_level(node: Node | None, file: str) -> Problem:
    """The file is empty, or holds something else than a map of keys."""
    example = "write one 'key: value' a line"
    if node is None or node.value is None:
        return Problem.at(Origin.of_file(file), (), "YZ113", "is empty", example)
    kind = "a list" if isinstance(node.value, list) else "a single value"
    return Problem.at(node.origin, (), "YZ113", f"holds {kind} where keys are expected", example)


def duplicate(first: Origin, again: Origin, path: KeyPath) -> Problem:
    """A key of one map is written twice."""
    problem = f"written twice, first on line {first.line}"
    return Problem.at(again, path, "YZ108", problem, "keep one of the two")


def too_deep(origin: Origin, path: KeyPath) -> Problem:
    """No contract nests this far."""
    return Problem.at(origin, path[:3], "YZ106", f"nests deeper than {MAX_DEPTH} levels", "flatten it")


def strange_text(value: Any, origin: Origin, path: KeyPath) -> Problem | None:
    """A text with line breaks, control characters or half a character in it: no key means such a text."""
    if not isinstance(value, str):
        return None
    strange = next((char for char in value if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or _half(char)), None)
    if strange is None:
        return None
    what = "a line break" if strange == "\n" else f"the control character U+{ord(strange):04X}"
    return Problem.at(origin, path, "YZ104", f"the text holds {what}", "write it on one line, without that character")


def _half(char: str) -> bool:
    return 0xD800 <= ord(char) <= 0xDFFF
