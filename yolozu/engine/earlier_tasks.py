"""The earlier tasks of a run: the chain of runs that each went on from the one before, and what they predicted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.earlier_runs import EVALUATED, FORGETTING_REPORT, run_directory
from yolozu.artifacts.jsonio import read_json
from yolozu.errors import InputError
from yolozu.paths import RunLayout
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from yolozu.artifacts.digest import DigestCache
    from yolozu.contract.loader import LoadedContract

SCHEMA_VERSION = 1


def earlier_tasks(loaded: LoadedContract, own: Path, cache: DigestCache) -> dict[str, Any] | None:
    """What the forgetting stage reads of earlier runs, the oldest first; None for a first task.

    Of each run: its directory, digests of the files (null for one that is not there), and what it had measured after
    its own task, without the time, so that a report that was only written again makes nothing stale.

    Args:
        loaded: the contract.
        own: directory of the run.
        cache: known digests.

    Raises:
        InputError: YZ313 and YZ531, an earlier run is not there, or its name means two; YZ557, runs go round in a
            circle.
    """
    chain: list[Path] = []
    named, where = loaded.contract.continual.continual_from, f"continual_from ({loaded.origin_of('continual_from')})"
    while named is not None:
        run = run_directory(named, where=where)
        if run.resolve() in [own.resolve(), *(earlier.resolve() for earlier in chain)]:
            raise InputError.one(
                "YZ557",
                where=f"{where}: {named}",
                problem="a run cannot go on from itself",
                fix="name the run of the task before, or another run_id for this one",
            )
        chain.append(run)
        named, where = _before(run), f"continual_from of {run}"
    if not chain:
        return None
    return {"schema_version": SCHEMA_VERSION, "tasks": [_task(run, cache) for run in reversed(chain)]}


def _before(run: Path) -> str | None:
    """What the training of ``run`` went on from."""
    receipt = Receipt.readable(RunLayout(run).receipt_path("train"))
    named = None if receipt is None else receipt.spec.get("continual", {}).get("continual_from")
    return None if named is None else str(named)


def _task(run: Path, cache: DigestCache) -> dict[str, Any]:
    digests = {name: cache.file_if_readable(run / name) for name in EVALUATED}
    return {"run": run.as_posix(), "name": run.resolve().name, "files": digests, "after": _after(run)}


def _after(run: Path) -> dict[str, Any] | None:
    """Tasks of the run's own report of forgetting, and how well each did after it; None where there is none."""
    if not (run / FORGETTING_REPORT).is_file():
        return None
    try:
        report = read_json(run / FORGETTING_REPORT, code="YZ558", fix="")
        return {"tasks": report["tasks"], "row": report["matrix"][-1]}
    except (InputError, KeyError, IndexError, TypeError):
        return None
