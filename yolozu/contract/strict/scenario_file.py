"""A setting file and its overrides -> a scenario setting, or everything that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from yolozu.contract.base import Conflict
from yolozu.contract.sections.scenario_setting import ScenarioSetting
from yolozu.contract.strict.describe import allowed, shown
from yolozu.contract.strict.slots import Slot, slot_of, slots_of
from yolozu.contract.text.node import BROKEN, KeyPath, Node, Origin, Problem, dotted
from yolozu.contract.text.source import read_source
from yolozu.errors import ContractError
from yolozu.registry import nearest

_OUT_OF_RANGE = ("greater_than", "less_than", "string_", "literal_error", "finite_number", "too_")


@dataclass(frozen=True)
class LoadedSetting:
    """A setting and what was said explicitly.

    Attributes:
        setting: every key, defaults filled.
        in_file: top-level keys that the file gives.
        given: top-level keys that flags give.
    """

    setting: ScenarioSetting
    in_file: frozenset[str]
    given: frozenset[str]


def load_setting(path: Path | None, flags: Mapping[str, Any] | None = None) -> LoadedSetting:
    """The setting in a YAML or JSON file with ``flags`` on top.

    Args:
        path: the file; None for the standard suite.
        flags: key -> value of what the command line says, which wins.

    Raises:
        ContractError: everything that is wrong, sorted by line.
    """
    flags = {} if flags is None else flags
    root, problems = (Node({}, Origin.of_file("command line")), []) if path is None else read_source(path)
    in_file = frozenset(root.value)
    for position, (key, value) in enumerate(flags.items(), start=1):
        origin = Origin(2, "", position, f"--{key.replace('_', '-')}")
        root.value[key] = _node_of(value, origin)
    broken = set(_drop_broken(root, ()))
    _fit(root, Slot(ScenarioSetting, ()), (), problems)
    problems += _names_twice(root)
    try:
        setting = ScenarioSetting.model_validate_json(json.dumps(root.plain()), strict=True)
    except ValidationError as error:
        problems += _translated(error, root, broken)
    if problems:
        raise ContractError(problem.finding for problem in sorted(problems))
    return LoadedSetting(setting, in_file & set(slots_of(ScenarioSetting)), frozenset(flags))


def _node_of(value: Any, origin: Origin) -> Node:
    return Node([Node(entry, origin) for entry in value] if isinstance(value, tuple) else value, origin)


def _drop_broken(node: Node, path: KeyPath) -> Iterator[KeyPath]:
    """Remove keys whose value could not be read, and say which."""
    entries = list(node.value.items() if isinstance(node.value, dict) else [])
    for key, child in entries:
        if _is_broken(child):
            del node.value[key]
            yield (*path, key)
        else:
            yield from _drop_broken(child, (*path, key))
    if isinstance(node.value, list):
        for place, child in enumerate(node.value):
            yield from _drop_broken(child, (*path, place))


def _is_broken(node: Node) -> bool:
    return node.value is BROKEN or (isinstance(node.value, list) and any(map(_is_broken, node.value)))


def _fit(node: Node, slot: Slot, path: KeyPath, problems: list[Problem]) -> None:
    """Remove unknown keys, and report them."""
    if isinstance(node.value, list):
        for place, entry in enumerate(node.value):
            below = _child(slot, place)
            if below is not None:
                _fit(entry, below, (*path, place), problems)
    if not isinstance(node.value, dict):
        return
    known = _keys_of(slot)
    for key in list(node.value):
        if key in known:
            _fit(node.value[key], known[key], (*path, key), problems)
        else:
            problems.append(_unknown(node.value.pop(key).origin, (*path, key), list(known)))


def _unknown(origin: Origin, path: KeyPath, known: list[str]) -> Problem:
    guess = nearest(str(path[-1]), known)
    parent = dotted(path[:-1])
    fix = f"known here: {', '.join(known)}" if known else f"{parent} holds no keys"
    if guess is not None:
        fix = f"did you mean {guess!r}?"
    return Problem.at(origin, path, "YZ102", "unknown key", fix)


def _keys_of(slot: Slot) -> dict[str, Slot]:
    section = next((option.section for option in slot.options if option.section is not None), None)
    return {} if section is None else slots_of(section)


def _child(slot: Slot, part: str | int) -> Slot | None:
    """What stands below, in whichever member of a union it can."""
    options = [option for member in slot.options for option in slot_of(member.annotation).options]
    return next((found for option in options if (found := option.child(part)) is not None), None)


def _slot_at(path: KeyPath) -> tuple[KeyPath, Slot]:
    """The deepest place on ``path`` that there is: pydantic's paths end with the branches of unions."""
    slot = Slot(ScenarioSetting, ())
    here: KeyPath = ()
    for part in path:
        below = _child(slot, part)
        if below is None:
            break
        slot, here = below, (*here, part)
    return here, slot


def _names_twice(root: Node) -> Iterator[Problem]:
    scenarios = root.find(("scenarios",))
    entries = scenarios.value if scenarios is not None and isinstance(scenarios.value, list) else []
    first: dict[Any, Origin] = {}
    for place, entry in enumerate(entries):
        name = entry.find(("name",))
        if name is None or not isinstance(name.value, str):
            continue
        if name.value in first:
            problem = f"{name.value} is the name of another scenario, on line {first[name.value].line}"
            yield Problem.at(name.origin, ("scenarios", place, "name"), "YZ105", problem, "give each its own name")
        first.setdefault(name.value, name.origin)


def _translated(error: ValidationError, root: Node, broken: set[KeyPath]) -> Iterator[Problem]:
    kinds: dict[KeyPath, set[str]] = {}
    slots: dict[KeyPath, Slot] = {}
    blamed = set(broken)
    for found in error.errors(include_url=False, include_input=False):
        path, slot = _slot_at(found["loc"])
        blamed.add(path)
        if found["type"] == "value_error":
            yield _conflict_problem(found["ctx"]["error"], root, path)
        elif not any(path[: len(gone)] == gone for gone in broken):
            kinds.setdefault(path, set()).add(found["type"])
            slots[path] = slot
    for path, types in kinds.items():
        if any(other[: len(path)] == path != other for other in blamed):
            continue  # a list with a wrong element also counts as too short
        if types == {"missing"}:
            fix = f"add it: {allowed(slots[path])}"
            yield Problem.at(root.nearest(path).origin, path[:-1], "YZ109", f"has no {path[-1]}", fix)
        else:
            code = "YZ104" if any(kind.startswith(_OUT_OF_RANGE) for kind in types) else "YZ103"
            yield _wrong_value(root.nearest(path), path, slots[path], code)


def _conflict_problem(conflict: Exception, root: Node, path: KeyPath) -> Problem:
    assert isinstance(conflict, Conflict), f"sections raise Conflict, not {conflict!r}"
    here = next(((*path, key) for key in conflict.keys if root.find((*path, key)) is not None), path)
    return Problem.at(root.nearest(here).origin, here, conflict.code, conflict.problem, conflict.fix)


def _wrong_value(node: Node, path: KeyPath, slot: Slot, code: str) -> Problem:
    value = node.plain()
    return Problem.at(node.origin, path, code, f"must be {allowed(slot)}, got {shown(value)}", _fix(slot, path, value))


def _fix(slot: Slot, path: KeyPath, value: Any) -> str:
    choices = [choice for option in slot.options if option.is_choice for choice in get_args(option.annotation)]
    guess = nearest(value.lower(), choices) if isinstance(value, str) and choices else None
    if guess is not None:
        return f"did you mean {guess!r}?"
    if slot.default in (..., PydanticUndefined) or path == ("scenarios",):
        return "correct or remove it"
    return f"correct it, or drop {dotted(path)} for its default, {shown(slot.default)}"
