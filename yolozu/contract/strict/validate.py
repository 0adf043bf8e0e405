"""Nodes -> a typed contract, or another typed value; pydantic finds what is wrong, the words are ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from yolozu.contract.base import Conflict
from yolozu.contract.foreign_keys import foreign_value_fix
from yolozu.contract.sections.run import Contract
from yolozu.contract.strict.describe import allowed, shown
from yolozu.contract.strict.slots import Slot, sections, slot_at, slots_of
from yolozu.contract.text.node import BROKEN, DEFAULT_ORIGIN, KeyPath, Node, Problem, dotted
from yolozu.contract.text.scalars import quoted, resolve
from yolozu.registry import nearest

_OUT_OF_RANGE = {
    "greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "string_pattern_mismatch",
    "string_too_short", "string_too_long", "literal_error", "finite_number", "too_long", "too_short",
}  # fmt: skip
Typed = TypeVar("Typed")
SlotAt = Callable[[KeyPath], Slot | None]
_FOR_BOOL = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}


def validate(root: Node) -> tuple[Contract, list[Problem], set[KeyPath]]:
    """The contract that ``root`` (only known keys) means.

    Returns:
        The contract without the reported keys, the problems, and the paths left out.
    """
    contract, problems, bad = check(root, _read_contract, slot_at, flat=True)
    assert contract is not None, f"nothing given can be blamed: {[problem.finding for problem in problems]}"
    return contract, problems, bad


def _read_contract(values: Mapping[str, Any]) -> Contract:
    by_section = {
        name: {key: values[key] for key in slots_of(section) if key in values} for name, section in sections().items()
    }
    return Contract.model_validate_json(json.dumps(by_section), strict=True)


def check(
    root: Node, read: Callable[[Any], Typed], slot_at: SlotAt, *, flat: bool = False
) -> tuple[Typed | None, list[Problem], set[KeyPath]]:
    """What ``root`` (only known keys) means.

    Values that cannot stand are reported and left out, and the rest is looked at again: one mistake hides no other.

    Args:
        root: what was written; the reported values are taken out of it.
        read: plain values -> the typed value, by pydantic.
        slot_at: what may stand at a path.
        flat: whether the keys of sections stand at the top, and conflicts name them from there.

    Returns:
        The value without the reported keys (None where one that must be there is left out), the problems, and the paths
        left out.
    """
    bad = _drop(root, [path for path, node in nodes(root) if node.value is BROKEN])
    keys = [(path, node) for path, node in nodes(root) if path and isinstance(path[-1], str)]
    wrong = [path for path, node in keys if _is_wrong_choice(node, slot_at(path))]
    problems = [value_problem(root, path, slot_at, "YZ103") for path in wrong]
    bad |= _drop(root, wrong)
    while True:
        try:
            return read(root.plain()), problems, bad
        except ValidationError as error:
            found = list(_misfits(error.errors(include_url=False, include_input=False), root, slot_at, flat=flat))
        told = [misfit.problem for misfit in found if not misfit.is_behind(bad)]
        problems = list(dict.fromkeys([*problems, *told]))
        dropped = _drop(root, [path for misfit in found for path in misfit.paths])
        if not dropped:
            return None, problems, bad
        bad |= dropped


def _is_wrong_choice(node: Node, slot: Slot | None) -> bool:
    """Whether a value is of another type than all choices: 0 for false, true for 1 (pydantic lets these pass)."""
    return (
        slot is not None
        and slot.is_choice
        and type(node.value) not in {type(choice) for choice in get_args(slot.annotation)}
    )


def conflict_problem(conflict: Conflict, root: Node, base: KeyPath | None = None) -> Problem:
    """A conflict at the first of its keys that was given.

    Args:
        conflict: what does not fit.
        root: what was written.
        base: where the map is whose keys it names; None for a contract, where the origins of the others are told, too.
    """
    paths = _paths_of(conflict, base)
    here = next((path for path in paths if root.find(path) is not None), base or ())
    others = []
    if base is None and here:
        origins = {path: root.find(path) for path in paths if path != here}
        others = [
            f"{dotted(path)}: {(DEFAULT_ORIGIN if node is None else node.origin).text}"
            for path, node in origins.items()
        ]
    problem = conflict.problem + (f" ({', '.join(others)})" if others else "")
    return Problem.at(root.nearest(here).origin, here, conflict.code, problem, conflict.fix)


def _paths_of(conflict: Conflict, base: KeyPath | None) -> list[KeyPath]:
    return [(*(base or ()), *path) for path in conflict.paths]


def value_problem(root: Node, path: KeyPath, slot_at: SlotAt, code: str) -> Problem:
    """The one problem that the value at ``path`` has, whatever number of checks it failed."""
    slot = slot_at(path)
    assert slot is not None, path
    node = root.nearest(path)
    value = node.plain()
    foreign = foreign_value_fix(dotted(path), value)
    fix = _fix(slot, path, value) if foreign is None else foreign
    return Problem.at(node.origin, path, code, f"must be {allowed(slot)}, got {shown(value)}", fix)


def _fix(slot: Slot, path: KeyPath, value: Any) -> str:
    choices = [choice for option in slot.options if option.is_choice for choice in get_args(option.annotation)]
    kinds = {option.annotation for option in slot.options} | {bool for choice in choices if isinstance(choice, bool)}
    hint = None
    if isinstance(value, str):
        hint = _fix_text(choices, kinds, value)
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
    held = slot if slot.item is None else slot.item
    default = "" if held.section is not None else f", {shown(slot.default)}"
    return f"correct it, or drop {dotted(path)} for its default{default}"


def _fix_text(choices: list[Any], kinds: set[Any], text: str) -> str | None:
    number = resolve(text.replace("_", "").strip())
    if bool in kinds and text.lower() in _FOR_BOOL:
        return f"write {_FOR_BOOL[text.lower()]}"
    if bool in kinds and isinstance(resolve(text), bool):
        return f"write {text.lower()} without quotes"
    if kinds & {int, float} and isinstance(number, int | float) and not isinstance(number, bool):
        return f"write {shown(number)}" + ("" if "_" in text else " without quotes")
    guess = nearest(text.lower(), [choice for choice in choices if isinstance(choice, str)])
    return f"did you mean {guess!r}?" if guess is not None else None


def _fits_pattern(slot: Slot, text: str) -> bool:
    patterns = [entry.pattern for option in slot.options for entry in option.metadata if hasattr(entry, "pattern")]
    return all(re.search(pattern, text) for pattern in patterns)


@dataclass(frozen=True)
class _Misfit:
    """A problem, and the paths of the values it comes from."""

    problem: Problem
    paths: list[KeyPath]

    def is_behind(self, bad: set[KeyPath]) -> bool:
        """Whether it may come from a value having been left out."""
        return any(path[: len(gone)] == gone[: len(path)] for path in self.paths for gone in bad)


def _misfits(errors: Iterable[Any], root: Node, slot_at: SlotAt, *, flat: bool) -> Iterator[_Misfit]:
    kinds: dict[KeyPath, set[str]] = {}
    holding: set[KeyPath] = set()
    for error in errors:
        path = _path_of(error["loc"][1:] if flat else error["loc"], slot_at)
        holding |= {path[:length] for length in range(len(path))}
        if error["type"] != "value_error":
            kinds.setdefault(path, set()).add(error["type"])
            continue
        conflict = error["ctx"]["error"]
        assert isinstance(conflict, Conflict), f"sections raise Conflict, not {conflict!r}"
        base = None if flat else path
        yield _Misfit(conflict_problem(conflict, root, base), _paths_of(conflict, base) or [path])
    for path, types in kinds.items():
        if path in holding:
            continue  # a list with a wrong element also counts as too short
        if types == {"missing"}:
            yield _Misfit(_missing_problem(root, path, slot_at), [path])
        else:
            code = "YZ104" if types & _OUT_OF_RANGE else "YZ103"
            yield _Misfit(value_problem(root, path, slot_at, code), [path])


def _missing_problem(root: Node, path: KeyPath, slot_at: SlotAt) -> Problem:
    slot = slot_at(path)
    assert slot is not None, path
    return Problem.at(root.nearest(path).origin, path[:-1], "YZ109", f"has no {path[-1]}", f"add it: {allowed(slot)}")


def _path_of(location: tuple[str | int, ...], slot_at: SlotAt) -> KeyPath:
    """The user's path in pydantic's, which ends with the branches of unions."""
    path: KeyPath = ()
    for part in location:
        if slot_at((*path, part)) is None:
            break
        path = (*path, part)
    return path


def nodes(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node]]:
    """Every node with its path below ``path``, maps and lists before what they hold."""
    yield path, node
    entries = node.value.items() if isinstance(node.value, dict) else []
    entries = list(enumerate(node.value)) if isinstance(node.value, list) else entries
    for part, child in entries:
        yield from nodes(child, (*path, part))


def _drop(root: Node, paths: Iterable[KeyPath]) -> set[KeyPath]:
    """Take out the keys at ``paths``, whole lists where elements of them are meant, and say which were there."""
    return {key for path in paths if (key := _key_of(path)) and root.drop(key)}


def _key_of(path: KeyPath) -> KeyPath:
    return _key_of(path[:-1]) if path and isinstance(path[-1], int) else path
