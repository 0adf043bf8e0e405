"""A sweep file -> what each run's contract is given, every key with its line; or everything that is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.contract.overrides import Override
from yolozu.contract.sections.sweep import WAYS, Sweep
from yolozu.contract.strict.read_strict import typed
from yolozu.contract.strict.search import Search, search_of, settings_without_effect
from yolozu.contract.strict.sweep_run import SweepRun
from yolozu.contract.sweep_draws import draws
from yolozu.contract.sweep_names import run_names
from yolozu.contract.text.node import KeyPath, Node, Problem, dotted
from yolozu.contract.text.source import read_source
from yolozu.errors import ContractError

if TYPE_CHECKING:
    from yolozu.contract.text.node import Origin

Given = dict[str, Node]


@dataclass(frozen=True)
class LoadedSweep:
    """A sweep file.

    Attributes:
        path: the file.
        run_id: name of the sweep.
        base: contract file of all runs; None where there is none.
        base_place: where the file names it: ``sweep.yaml:3: base``.
        metric: what they are ranked by.
        runs: in the file's order; none where they are searched for.
        search: what Optuna may choose; None where the file says all runs.
    """

    path: Path
    run_id: str
    base: str | None
    base_place: str
    metric: str
    runs: tuple[SweepRun, ...]
    search: Search | None = None


def read_sweep(path: Path) -> LoadedSweep:
    """The sweep in a YAML or JSON file. What the keys of contracts mean, the contract says when it is made of them.

    Raises:
        ContractError: everything that is wrong, sorted by line.
    """
    root, problems = read_source(path)
    shared = _map_at(root, "set")
    problems += [*_ways(root), *_ranges(root), *_not_theirs(root), *_given_twice(root, shared)]
    problems += settings_without_effect(root)
    sweep = typed(root, problems, Sweep)
    common = tuple(_overrides(shared))
    place = root.value["base"].origin.where(("base",)) if "base" in root.value else f"{path}: base"
    if sweep.optuna is not None:
        search = search_of(root, sweep, common)
        _require_enough(root, search)
        return LoadedSweep(path, sweep.run_id, sweep.base, place, sweep.metric, (), search)
    asked = sweep.samples or math.prod(len(values) for values in (sweep.grid or {}).values()) * len(sweep.list or "1")
    if asked > sweep.max_runs:
        _refuse(root, f"means {asked} runs, and max_runs is {sweep.max_runs}", "name fewer values, or raise max_runs")
    runs = list(_runs(root, sweep))
    if sweep.samples is not None and len(runs) < sweep.samples:
        _refuse(root, f"has only {len(runs)} different runs to draw", f"write samples: {len(runs)}, or add values")
    own = [tuple(_overrides(given)) for given in runs]
    names = run_names(sweep.run_id, [{override.path: override.value for override in run} for run in own])
    loaded = tuple(SweepRun(name, common, run) for name, run in zip(names, own, strict=True))
    return LoadedSweep(path, sweep.run_id, sweep.base, place, sweep.metric, loaded)


def _runs(root: Node, sweep: Sweep) -> Iterator[Given]:
    """Key -> value with its place in the file, of each run."""
    if sweep.grid is not None:
        grid = {key: node.value for key, node in root.value["grid"].value.items()}
        yield from (dict(zip(grid, values, strict=True)) for values in product(*grid.values()))
    elif sweep.list is not None:
        yield from (entry.value for entry in root.value["list"].value)
    else:
        assert sweep.random is not None, "one of the ways was required"
        assert sweep.samples is not None, "it was required, too"
        given = root.value["random"].value
        for drawn in draws(sweep.random, samples=sweep.samples, seed=sweep.seed or 0):
            yield {key: _of_draw(node, drawn[key]) for key, node in given.items()}


def _of_draw(node: Node, drawn: float) -> Node:
    """The drawn one of several values, or the number drawn of a range."""
    if isinstance(node.value, list):
        chosen: Node = node.value[int(drawn)]
        return chosen
    return Node(drawn, node.origin)


def _overrides(given: Mapping[str, Node]) -> Iterator[Override]:
    return (Override(key, node.plain(), node.origin.text) for key, node in given.items())


def _map_at(root: Node, key: str) -> Given:
    node = root.find((key,))
    return dict(node.value) if node is not None and isinstance(node.value, dict) else {}


def _swept(root: Node) -> Iterator[tuple[KeyPath, Given]]:
    """Place in the file -> keys of contracts that differ from run to run."""
    for way in ("grid", "random", "optuna"):
        yield (way,), _map_at(root, way)
    entries = root.find(("list",))
    for place, entry in enumerate(entries.value if entries is not None and isinstance(entries.value, list) else []):
        if isinstance(entry.value, dict):
            yield ("list", place), entry.value


def _ways(root: Node) -> Iterator[Problem]:
    """No way, or several, of saying which values there are; keys of drawing without it, or it without them."""
    given = [way for way in WAYS if _says(root, way)]
    fix = f"give one of {', '.join(WAYS)}"
    if not given:
        yield Problem.at(root.origin, (), "YZ117", "says nothing of what differs from run to run", fix)
    for way in given[1:]:
        yield Problem.at(root.value[way].origin, (way,), "YZ117", f"is given beside {given[0]}", fix)
    if given == ["random"] and not _says(root, "samples"):
        problem, fix = "does not say how many runs to draw", "add samples: the number of runs"
        yield Problem.at(root.value["random"].origin, ("random",), "YZ117", problem, fix)
    if given == ["optuna"] and "max_runs" not in root.value:
        problem, fix = "does not say how many runs to try", "add max_runs: the number of runs"
        yield Problem.at(root.value["optuna"].origin, ("optuna",), "YZ117", problem, fix)
    for key, ways, fix in (
        ("samples", ("random",), "drop it, or draw with random"),
        ("seed", ("random", "optuna"), "drop it; that of trainings goes under set"),
        ("sampler", ("optuna",), "drop it, or search with optuna"),
        ("pruner", ("optuna",), "drop it, or search with optuna"),
    ):
        if _says(root, key) and not set(ways) & set(given):
            problem = f"has no effect without {' or '.join(ways)}"
            yield Problem.at(root.value[key].origin, (key,), "YZ117", problem, fix)


def _says(root: Node, key: str) -> bool:
    """Whether the file gives a key a value; null is as good as nothing."""
    return key in root.value and root.value[key].value is not None


def _ranges(root: Node) -> Iterator[Problem]:
    """Ranges of which nothing can be drawn."""
    found = [((way, key), node) for way in ("random", "optuna") for key, node in _map_at(root, way).items()]
    for place, node in found:
        low, high = (node.plain().get(end) if isinstance(node.value, dict) else None for end in ("min", "max"))
        if not isinstance(low, int | float) or not isinstance(high, int | float):
            continue
        if low >= high:
            fix = "write the lesser one as min"
            yield Problem.at(node.origin, place, "YZ117", f"min {low} is not below max {high}", fix)
        elif low <= 0 and node.plain().get("log") is True:
            problem = f"min {low} is not above 0, so it has no logarithm"
            yield Problem.at(node.origin, place, "YZ117", problem, "raise min, or drop log")


def _not_theirs(root: Node) -> Iterator[Problem]:
    """Keys that are the sweep's own."""
    for place, keys in [(("set",), _map_at(root, "set")), *_swept(root)]:
        if "run_id" in keys:
            fix = "drop it: the runs are called <run_id of the sweep>-<their values>"
            yield Problem.at(keys["run_id"].origin, (*place, "run_id"), "YZ117", "no run of a sweep names itself", fix)


def _given_twice(root: Node, shared: Given) -> Iterator[Problem]:
    """Keys, or other spellings of them, that one run would be given twice."""
    for place, keys in _swept(root):
        first: dict[KeyPath, Origin] = {Override(key, None, "").path: node.origin for key, node in shared.items()}
        for key, node in keys.items():
            path = Override(key, None, "").path
            if path in first:
                problem = f"{dotted(path)} is given on line {first[path].line}, too"
                yield Problem.at(node.origin, (*place, key), "YZ117", problem, "keep one of the two")
            first[path] = node.origin


def _require_enough(root: Node, search: Search) -> None:
    """Refuse to search for more different runs than there are."""
    size = search.size()
    if size < search.max_runs:
        _refuse(root, f"has only {size} different runs to try", f"write max_runs: {size}, or add values")


def _refuse(root: Node, problem: str, fix: str) -> None:
    way = next(way for way in WAYS if root.find((way,)) is not None)
    node = root.value[way]
    raise ContractError([Problem.at(node.origin, (way,), "YZ117", problem, fix).finding])
