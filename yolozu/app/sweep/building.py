"""A sweep's runs opened, what building them would do, and the building."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from yolozu.app.runs_of_a_file import LooksOnce
from yolozu.app.sweep.planned_runs import open_run
from yolozu.engine.doit.shared_results import StalePart, stale_part
from yolozu.engine.doit.slots import visible_gpus
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from yolozu.app.sweep.planned_runs import PlannedRun
    from yolozu.contract.strict.sweep_file import LoadedSweep
    from yolozu.engine.doit.build_runs import RunEnd
    from yolozu.engine.view.several import SeveralView


def open_runs(sweep: LoadedSweep, runs: Sequence[PlannedRun], argv: Sequence[str]) -> StalePart:
    """What building the runs would do. Nothing is written.

    Raises:
        YolozuError: the data set cannot be read, or other files that contracts name.
    """
    once = LooksOnce()
    return stale_part([open_run(sweep, run, argv, once) for run in runs])


def counted_stages(part: StalePart) -> dict[str, int]:
    """Stage -> how many have to run themselves, in the order of a run."""
    counts = Counter(name.partition("/")[2] for name in part.to_run)
    names = dict.fromkeys(node.name for session in part.sessions for node in session.plan.nodes)
    return {name: counts[name] for name in names if counts[name]}


def build_sweep(
    part: StalePart,
    *,
    jobs: int,
    gpus: int | None,
    fail_fast: bool,
    view_of: Callable[[int], SeveralView],
) -> tuple[int, list[RunEnd]]:
    """Build what is stale: the exit code of the first run that failed (75 after a request to stop), and how each ended.

    Args:
        part: the runs.
        jobs: stages that run at once.
        gpus: how many are given out, one a worker; None gives out all there are where several stages run at once.
        fail_fast: whether no further stage begins once one has failed.
        view_of: makes what shows it, of the number of stages.

    Raises:
        UsageError: YZ365 there are fewer GPUs.
    """
    from yolozu.engine.doit.build_runs import RunsBuild

    given = visible_gpus(os.environ, gpus) if jobs > 1 or gpus is not None else []
    build = RunsBuild(part, view_of(len(part.stale)), jobs, given, fail_fast, os.environ)
    ends = build.run()
    failed = [end.exit_code for end in ends if end.exit_code != EXIT_DONE]
    return EXIT_INTERRUPTED if build.stopped else failed[0] if failed else EXIT_DONE, ends
