"""A setting file and its overrides -> a scenario setting, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.sections.scenario_setting import ScenarioSetting
from yolozu.contract.strict.read_strict import typed
from yolozu.contract.strict.slots import slots_of
from yolozu.contract.text.node import Node, Origin, Problem
from yolozu.contract.text.source import read_source


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
    in_file &= set(slots_of(ScenarioSetting))
    setting = typed(root, [*problems, *_names_twice(root)], ScenarioSetting)
    return LoadedSetting(setting, in_file, frozenset(flags))


def _node_of(value: Any, origin: Origin) -> Node:
    return Node([Node(entry, origin) for entry in value] if isinstance(value, tuple) else value, origin)


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
