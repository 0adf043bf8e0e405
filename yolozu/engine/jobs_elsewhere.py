"""Jobs that an earlier command has left with another executor: looked for before their stages are run a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.engine.launchers.job_record import JobRecord
from yolozu.engine.launchers.standing import standings
from yolozu.engine.scratch import Scratch
from yolozu.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.engine.launchers.standing import JobStanding
    from yolozu.engine.session import Session
    from yolozu.paths import RunLayout


def jobs_elsewhere(session: Session, names: Sequence[str]) -> list[Finding]:
    """Jobs that go on without their builder, of stages that have to run, where this build has another executor.

    They are not canceled here, because a place in a queue may be worth days, and a running job is ahead of any other
    worker; nor waited for, because whoever names another executor does not want to wait.

    Args:
        session: the run.
        names: stages that are asked for, with all they need; all stages when empty.

    Returns:
        A finding (YZ756) for each.

    Raises:
        InputError: YZ351, a record of a job cannot be read.
    """
    layout, executor = session.layout, session.loaded.contract.operations.executor
    records = (JobRecord.read(path) for path in (layout.root / "scratch").glob("*.job.json"))
    if all(record is None or record.executor == executor for record in records):
        return []  # before any cluster is asked
    stale = [verdict.node.name for verdict in session.verdicts(list(names)) if verdict.stale]
    found = [standing for stage in stale for standing in standings(layout, stage)]
    return [_finding(one, layout) for one in found if one.outlives_builder and one.executor != executor]


def _finding(standing: JobStanding, layout: RunLayout) -> Finding:
    path = Scratch.of(layout, standing.stage).job_path
    if standing.state == "unknown":
        fix = f"look where it answers, and end the job {standing.name} if it is there; then delete {path}"
    else:
        ways = f"follow it: executor={standing.executor}; or end it: scancel {standing.job}"
        fix = f"{ways}; then run the same command again"
    return Finding("YZ756", f"{layout.run_id}: {standing.stage}", standing.render(), fix)
