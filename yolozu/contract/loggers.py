"""Loggers that a contract may name: ours, and those of installed packages, none of which is imported."""

from __future__ import annotations

from yolozu.contract.offered import require_offered
from yolozu.training.loggers.registry import LOGGERS

ENTRY_POINTS = "yolozu.loggers"
"""Entry point group in which packages name their loggers, as ``name = "module:Class"``."""


def require_known_logger(name: str) -> str:
    """``name`` itself, if there is such a logger.

    Raises:
        Conflict: there is none.
    """
    return require_offered(name, key="loggers", kind="logger", ours=LOGGERS, others=_offered)


def _offered() -> list[str]:
    from importlib.metadata import entry_points

    return [entry.name for entry in entry_points(group=ENTRY_POINTS)]
