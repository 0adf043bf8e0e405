"""Packages of loggers, looked for before anything is trained."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from yolozu.engine.devices import certain_to_run
from yolozu.errors import Finding
from yolozu.training.loggers.registry import MODULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.engine.session import Session


def missing_loggers(session: Session, names: Sequence[str]) -> list[Finding]:
    """What is not installed of the contract's loggers, where a stage that tells them anything is certain to run.

    Args:
        session: the run.
        names: stages that are asked for, with all they need; all stages when empty.

    Returns:
        A finding (YZ526) for each logger.
    """
    operations = session.loaded.contract.operations
    missing = [name for name in operations.all_loggers() if name in MODULES and find_spec(MODULES[name]) is None]
    if not missing or not any(session.plan[name].stage.logs for name in certain_to_run(session, names)):
        return []
    return [
        Finding(
            "YZ526",
            where=_key(name, session),
            problem=f"logger {name} needs the package {MODULES[name]}, which is not installed",
            fix=f"pip install 'yolozu[{name}]', or leave the logger out",
        )
        for name in missing
    ]


def _key(name: str, session: Session) -> str:
    """Where the contract asks for a logger: ``exp.yaml:9: loggers``."""
    key = "loggers" if name in session.loaded.contract.operations.loggers else name
    origin = session.origin(key)
    return key if origin is None else origin if key in origin else f"{origin}: {key}"
