"""Devices that stages cannot do without, looked for before any of them runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from yolozu.devices import check_device
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.engine.session import Session
    from yolozu.errors import Finding
    from yolozu.planning.plan import Node


def missing_devices(session: Session, names: Sequence[str]) -> list[Finding]:
    """What this machine lacks of the devices of stages that are certain to run on it.

    Args:
        session: the run.
        names: stages that are asked for, with all they need; all stages when empty.

    Returns:
        A finding (YZ501) for each device.
    """
    if session.loaded.contract.operations.executor != "local":
        return []  # they run where nobody can look yet
    wanted = {node.name: _device(node, session) for node in session.plan.needed_for(list(names))}
    if set(wanted.values()) <= {"cpu"}:
        return []
    running = certain_to_run(session, names)
    findings: list[Finding] = []
    for device in dict.fromkeys(wanted[name] for name in running):
        try:
            check_device(device)
        except UsageError as error:
            findings += error.findings
    return findings


def certain_to_run(session: Session, names: Sequence[str]) -> list[str]:
    """Stages that run whatever those before them give, of all that ``names`` need."""
    verdicts = session.verdicts(list(names))
    return [one.node.name for one in verdicts if any(reason.kind != "upstream" for reason in one.reasons)]


def _device(node: Node, session: Session) -> str:
    """The device that a stage needs; of processes that have one each, the last one's."""
    spec = node.stage.spec.model_validate_json(json.dumps(node.spec))
    device = spec.needs_device()
    processes = session.loaded.contract.operations.nproc_per_node
    return f"cuda:{processes - 1}" if device == "cuda" and spec.runs_as_several() and processes > 1 else device
