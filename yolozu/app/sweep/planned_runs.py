"""The runs of a sweep: what each run's contract is, whether all can be used, and whether all differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.runs_of_a_file import of_the_file, open_described
from yolozu.contract.loader import contract_digest, load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.strict.sweep_file import LoadedSweep, SweepRun, read_sweep
from yolozu.contract.text.node import dotted
from yolozu.engine.run_overrides import RunOverrides
from yolozu.errors import ContractError, Finding, InputError
from yolozu.paths import RunLayout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        warnings: what its contract says without keeping it from being used.
    """

    run_id: str
    base: str | None
    overrides: tuple[Override, ...]
    values: dict[str, Any]
    warnings: tuple[Finding, ...]


def planned_runs(path: Path) -> tuple[LoadedSweep, list[PlannedRun]]:
    """The runs of a sweep file, in its order.

    Raises:
        ContractError: everything that is wrong with the file and the contracts of all runs; YZ118 two that would give
            the same results; YZ119 a key of a run that has no effect in it.
    """
    sweep = read_sweep(path)
    planned: list[PlannedRun] = []
    findings = dict.fromkeys(_forgotten_files(sweep))
    known: dict[str, SweepRun] = {}
    dead: dict[Finding, list[str]] = {}
    for run in sweep.runs:
        overrides = (*run.shared, *run.own)
        try:
            loaded = load_contract(None if sweep.base is None else Path(sweep.base), overrides)
        except (ContractError, InputError) as error:
            findings |= dict.fromkeys(of_the_file(finding, path) for finding in error.findings)
            continue
        unused = [warning for warning in loaded.warnings if warning.code == UNUSED and _is_own(warning, run)]
        for warning in unused:
            dead.setdefault(warning, []).append(run.run_id)
        first = known.setdefault(contract_digest(loaded.contract), run)
        if first is not run and not unused:
            findings[_same(first, run)] = None
        warnings = tuple(of_the_file(warning, path) for warning in loaded.warnings)
        planned.append(PlannedRun(run.run_id, sweep.base, overrides, run.values, warnings))
    findings |= dict.fromkeys(_dead(warning, runs, len(sweep.runs)) for warning, runs in dead.items())
    if findings:
        raise ContractError(findings)
    return sweep, planned


def _is_own(warning: Finding, run: SweepRun) -> bool:
    """Whether a warning is about a key that tells the run from others, or about one inside such a key."""
    places = (f"{override.origin}: {dotted(override.path)}" for override in run.own)
    return any(warning.where == place or warning.where.startswith(f"{place}.") for place in places)


def _dead(warning: Finding, runs: Sequence[str], count: int) -> Finding:
    where = f"no effect in {len(runs)} of {count} runs, the first {runs[0]}"
    fix = "write the runs under list, each with the keys that it has; or drop it"
    return Finding("YZ119", warning.where, warning.problem.replace("no effect here", where), fix)


def _same(first: SweepRun, run: SweepRun) -> Finding:
    differing = [key for key, value in run.values.items() if first.values.get(key) != value]
    why = f": {', '.join(differing)} changes no result" if differing else ""
    problem = f"{first.run_id} and {run.run_id} would give the same results{why}"
    place = next((one for one in run.own if not differing or dotted(one.path) in differing), None)
    where = run.run_id if place is None else f"{place.origin}: {dotted(place.path)}"
    return Finding("YZ118", where, problem, "drop one of them")


def _forgotten_files(sweep: LoadedSweep) -> Iterator[Finding]:
    """Refuses to take the contract file away from runs that have one, which they would go on remembering."""
    for run in sweep.runs if sweep.base is None else ():
        remembered = RunOverrides.read(RunLayout.of(run.run_id)).config
        if remembered is not None:
            problem = f"is not given, but {run.run_id} was built from {remembered}"
            yield Finding("YZ117", f"{sweep.path}: base", problem, "name it, or give the sweep another run_id")


def open_run(sweep: LoadedSweep, run: PlannedRun, argv: Sequence[str]) -> Session:
    """The run as an ordinary one; what it was given before is forgotten, so that the sweep file alone says what it is.

    Raises:
        YolozuError: the data set cannot be read.
    """
    return open_described(run.run_id, run.base, run.overrides, argv, described=f"of {sweep.path}")
