"""What several nodes lack to meet, looked for before anything runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from yolozu.engine.devices import certain_to_run
from yolozu.engine.processes.rendezvous import missing_for_rendezvous
from yolozu.engine.requests import runs_as_several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.engine.session import Session
    from yolozu.errors import Finding


def missing_rendezvous(session: Session, names: Sequence[str]) -> list[Finding]:
    """What is missing where a stage that several nodes run together is certain to run, and this machine is one of them.

    Args:
        session: the run.
        names: stages that are asked for, with all they need; all stages when empty.

    Returns:
        Findings YZ358 and YZ360.
    """
    operations = session.loaded.contract.operations
    if operations.executor != "local":  # jobs know more
        return []
    missing = missing_for_rendezvous(operations, os.environ)
    if not missing or not any(runs_as_several(session.plan[name]) for name in certain_to_run(session, names)):
        return []
    return missing
