"""The runs of a sweep: what each run's contract is, whether all can be used, and whether all differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.runs_of_a_file import of_the_file, open_described
from yolozu.contract.loader import LoadedContract, contract_digest, load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.strict.sweep_file import LoadedSweep, read_sweep
from yolozu.contract.text.node import dotted
from yolozu.engine.run_overrides import RunOverrides
from yolozu.errors import ContractError, Finding, InputError
from yolozu.paths import RunLayout
from yolozu.planning.compiler import compile_plan, registered_stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.contract.strict.sweep_run import SweepRun
    from yolozu.engine.open_session import LookAtData
    from yolozu.engine.session import Session

UNUSED = "YZ111"


@dataclass(frozen=True)
class PlannedRun:
    """A run whose contract can be used.

    Attributes:
        run_id: its name.
        base: contract file; None where there is none.
        overrides: all keys that the sweep gives it.
        values: dotted key -> value, of those that tell it from others.
        digest: of what its contract says about results.
        warnings: what its contract says without keeping it from being used.
    """

    run_id: str
    base: str | None
    overrides: tuple[Override, ...]
    values: dict[str, Any]
    digest: str
    warnings: tuple[Finding, ...]


def planned_runs(path: Path) -> tuple[LoadedSweep, list[PlannedRun]]:
    """The runs of a sweep file, in its order; where they are searched for, runs at the ends of what may be chosen.

    Raises:
        ContractError: everything that is wrong with the file and the contracts of all runs; YZ101 no base; YZ118 two
            that would give the same results; YZ119 a key of a run that has no effect in it.
    """
    sweep = read_sweep(path)
    _require_base(sweep)
    planned: list[PlannedRun] = []
    findings = dict.fromkeys(forgotten_files(sweep, [run.run_id for run in sweep.runs]))
    known: dict[str, SweepRun] = {}
    dead: dict[Finding, list[str]] = {}
    runs = sweep.runs if sweep.search is None else sweep.search.probes()
    for run in runs:
        try:
            loaded = _loaded(sweep, run)
        except (ContractError, InputError) as error:
            findings |= dict.fromkeys(of_the_file(finding, path) for finding in error.findings)
            continue
        unused = [warning for warning in loaded.warnings if warning.code == UNUSED and _is_own(warning, run)]
        for warning in unused:
            dead.setdefault(warning, []).append(run.run_id)
        first = known.setdefault(contract_digest(loaded.contract), run)
        if first is not run and not unused:
            findings[_same(first, run)] = None
        planned.append(_planned(sweep, run, loaded))
    is_search = sweep.search is not None
    findings |= dict.fromkeys(_dead(one, names, len(runs), is_search=is_search) for one, names in dead.items())
    if findings:
        raise ContractError(findings)
    return sweep, planned


def planned_run(sweep: LoadedSweep, run: SweepRun) -> PlannedRun:
    """A run that was searched for.

    Raises:
        ContractError: its contract cannot be used.
    """
    return _planned(sweep, run, _loaded(sweep, run))


def num_stages(sweep: LoadedSweep, run: SweepRun) -> int:
    """How many stages a run has."""
    return len(compile_plan(_loaded(sweep, run).contract, registered_stages()).nodes)


def _loaded(sweep: LoadedSweep, run: SweepRun) -> LoadedContract:
    return load_contract(None if sweep.base is None else Path(sweep.base), (*run.shared, *run.own))


def _planned(sweep: LoadedSweep, run: SweepRun, loaded: LoadedContract) -> PlannedRun:
    warnings = tuple(of_the_file(warning, sweep.path) for warning in loaded.warnings)
    digest = contract_digest(loaded.contract)
    return PlannedRun(run.run_id, sweep.base, (*run.shared, *run.own), run.values, digest, warnings)


def _require_base(sweep: LoadedSweep) -> None:
    if sweep.base is None or Path(sweep.base).exists():
        return
    beside = sweep.path.parent / sweep.base
    there = f": write {beside}" if beside.is_file() else ""
    fix = f"name a contract file, relative to the working directory{there}"
    raise ContractError.one("YZ101", where=sweep.base_place, problem=f"no such file: {sweep.base}", fix=fix)


def _is_own(warning: Finding, run: SweepRun) -> bool:
    """Whether a warning is about a key that tells the run from others, or about one inside such a key."""
    places = (f"{override.origin}: {dotted(override.path)}" for override in run.own)
    return any(warning.where == place or warning.where.startswith(f"{place}.") for place in places)


def _dead(warning: Finding, runs: Sequence[str], count: int, *, is_search: bool) -> Finding:
    where = f"no effect in {len(runs)} of {count} runs, the first {runs[0]}"
    fix = "write the runs under list, each with the keys that it has; or drop it"
    if is_search:
        where = f"no effect in {len(runs)} of {count} combinations that were looked at, the first {runs[0]}"
        fix = "leave only combinations in which it has one; or drop it"
    return Finding("YZ119", warning.where, warning.problem.replace("no effect here", where), fix)


def _same(first: SweepRun, run: SweepRun) -> Finding:
    differing = [key for key, value in run.values.items() if first.values.get(key) != value]
    why = f": {', '.join(differing)} changes no result" if differing else ""
    problem = f"{first.run_id} and {run.run_id} would give the same results{why}"
    place = next((one for one in run.own if not differing or dotted(one.path) in differing), None)
    where = run.run_id if place is None else f"{place.origin}: {dotted(place.path)}"
    return Finding("YZ118", where, problem, "drop one of them")


def forgotten_files(sweep: LoadedSweep, names: Sequence[str]) -> Iterator[Finding]:
    """Refuses to take the contract file away from runs that have one, which they would go on remembering."""
    for name in names if sweep.base is None else ():
        remembered = RunOverrides.read(RunLayout.of(name)).config
        if remembered is not None:
            problem = f"is not given, but {name} was built from {remembered}"
            yield Finding("YZ117", f"{sweep.path}: base", problem, "name it, or give the sweep another run_id")


def open_run(sweep: LoadedSweep, run: PlannedRun, argv: Sequence[str], look_at: LookAtData) -> Session:
    """The run as an ordinary one; what it was given before is forgotten, so that the sweep file alone says what it is.

    Raises:
        YolozuError: the data set cannot be read.
    """
    return open_described(run.run_id, run.base, run.overrides, argv, described=f"of {sweep.path}", look_at=look_at)
