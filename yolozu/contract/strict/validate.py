"""Nodes -> a typed contract; pydantic finds what is wrong, the words are ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from yolozu.contract.base import Conflict
from yolozu.contract.sections.run import Contract
from yolozu.contract.strict.describe import allowed, shown
from yolozu.contract.strict.fit import wrong_choices
from yolozu.contract.strict.slots import Slot, sections, slot_at, slots_of
from yolozu.contract.text.node import BROKEN, DEFAULT_ORIGIN, KeyPath, Node, Problem, dotted
from yolozu.contract.text.scalars import quoted, resolve
from yolozu.registry import nearest

_OUT_OF_RANGE = {
    "greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "string_pattern_mismatch",
    "string_too_short", "literal_error", "finite_number", "too_long", "too_short",
}  # fmt: skip
_FOR_BOOL = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}


def validate(root: Node) -> tuple[Contract, list[Problem], set[KeyPath]]:
    """The contract that ``root`` (only known keys) means.

    Values that cannot stand are reported and left out, and the rest is looked at again: one mistake hides no other.

    Returns:
        The contract without the reported keys, the problems, and the paths left out.
    """
    problems: list[Problem] = []
    bad = _drop(root, [path for path, node in _nodes(root) if node.value is BROKEN])
    wrong = wrong_choices(root)
    problems += [value_problem(root, path, "YZ103") for path in wrong]
    bad |= _drop(root, wrong)
    while True:
        try:
            return Contract.model_validate_json(json.dumps(_by_section(root.plain())), strict=True), problems, bad
        except ValidationError as error:
            found, paths = _translate(error.errors(include_url=False, include_input=False), root)
        problems += found
        dropped = _drop(root, paths)
        assert dropped, f"nothing given can be blamed: {[problem.finding for problem in found]}"
        bad |= dropped


def conflict_problem(conflict: Conflict, root: Node) -> Problem:
    """A conflict at the first of its keys that was given, with the origin of the others."""
    given = {path: node for path in conflict.paths if (node := root.find(path)) is not None}
    if not given:
        return Problem.at(root.origin, (), conflict.code, conflict.problem, conflict.fix)
    here = next(iter(given))
    others = [
        f"{dotted(path)}: {given[path].origin.text if path in given else DEFAULT_ORIGIN.text}"
        for path in conflict.paths
        if path != here
    ]
    problem = conflict.problem + (f" ({', '.join(others)})" if others else "")
    return Problem.at(given[here].origin, here, conflict.code, problem, conflict.fix)


def value_problem(root: Node, path: KeyPath, code: str) -> Problem:
    """The one problem that the value at ``path`` has, whatever number of checks it failed."""
    slot = slot_at(path)
    assert slot is not None, path
    node = root.nearest(path)
    value = node.plain()
    return Problem.at(node.origin, path, code, f"must be {allowed(slot)}, got {shown(value)}", _fix(slot, path, value))


def _fix(slot: Slot, path: KeyPath, value: Any) -> str:
    kinds = {option.annotation for option in slot.options}
    if slot.is_choice and any(isinstance(choice, bool) for choice in get_args(slot.annotation)):
        kinds.add(bool)
    hint = None
    if isinstance(value, str):
        hint = _fix_text(slot, kinds, value)
    elif isinstance(value, bool) or value is None:
        hint = None
    elif isinstance(value, int | float) and slot.is_text and _fits_pattern(slot, str(value)):
        hint = f"write it in quotes: {quoted(str(value))}"
    elif int in kinds and isinstance(value, float) and value.is_integer():
        hint = f"write {int(value)}"
    if hint is not None:
        return hint
    if slot.is_choice and len(get_args(slot.annotation)) == 1:
        return f"write {allowed(slot)}"
    if slot.default is ...:
        return "correct or remove it"
    default = "" if slot.section is not None else f", {shown(slot.default)}"
    return f"correct it, or drop {dotted(path)} for its default{default}"


def _fix_text(slot: Slot, kinds: set[Any], text: str) -> str | None:
    number = resolve(text.replace("_", "").strip())
    if bool in kinds and text.lower() in _FOR_BOOL:
        return f"write {_FOR_BOOL[text.lower()]}"
    if bool in kinds and isinstance(resolve(text), bool):
        return f"write {text.lower()} without quotes"
    if kinds & {int, float} and isinstance(number, int | float) and not isinstance(number, bool):
        return f"write {shown(number)}" + ("" if "_" in text else " without quotes")
    if slot.is_choice:
        guess = nearest(text.lower(), [choice for choice in get_args(slot.annotation) if isinstance(choice, str)])
        return f"did you mean {guess!r}?" if guess is not None else None
    return None


def _fits_pattern(slot: Slot, text: str) -> bool:
    patterns = [entry.pattern for option in slot.options for entry in option.metadata if hasattr(entry, "pattern")]
    return all(re.search(pattern, text) for pattern in patterns)


def _by_section(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {key: values[key] for key in slots_of(section) if key in values} for name, section in sections().items()
    }


def _translate(errors: Iterable[Any], root: Node) -> tuple[list[Problem], list[KeyPath]]:
    codes: dict[KeyPath, set[str]] = {}
    problems: list[Problem] = []
    paths: list[KeyPath] = []
    for error in errors:
        if error["type"] == "value_error":
            conflict = error["ctx"]["error"]
            assert isinstance(conflict, Conflict), f"sections raise Conflict, not {conflict!r}"
            problems.append(conflict_problem(conflict, root))
            paths += conflict.paths
        else:
            codes.setdefault(_path_of(error["loc"]), set()).add(error["type"])
    for path, kinds in codes.items():
        problems.append(value_problem(root, path, "YZ104" if kinds & _OUT_OF_RANGE else "YZ103"))
        paths.append(path)
    return problems, paths


def _path_of(location: tuple[str | int, ...]) -> KeyPath:
    """The user's path in pydantic's, which starts with the section and ends with the branches of unions."""
    path: KeyPath = (location[1],)
    for part in location[2:]:
        if slot_at((*path, part)) is None:
            break
        path = (*path, part)
    return path


def _nodes(node: Node, path: KeyPath = ()) -> Iterable[tuple[KeyPath, Node]]:
    yield path, node
    entries = node.value.items() if isinstance(node.value, dict) else []
    entries = list(enumerate(node.value)) if isinstance(node.value, list) else entries
    for part, child in entries:
        yield from _nodes(child, (*path, part))


def _drop(root: Node, paths: Iterable[KeyPath]) -> set[KeyPath]:
    dropped: set[KeyPath] = set()
    for path in paths:
        named = path[: next((at for at, part in enumerate(path) if isinstance(part, int)), len(path))]
        if root.drop(named):
            dropped.add(named)
    return dropped
