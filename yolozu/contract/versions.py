"""Which version of the contract's language a file is written in, and which one is read here."""

from __future__ import annotations

from typing import Any

from yolozu.contract.strict.slots import keys
from yolozu.contract.text.node import Node, Problem

VERSION_KEY = "config_version"
FIRST = 1
"""What a file means that does not say its version."""


def current_version() -> int:
    """The version that contracts are read in."""
    version: int = keys()[VERSION_KEY].default
    return version


def stated_version(root: Node) -> int | None:
    """The version that a file states; None where it says none, or something that is no version."""
    return as_version(root.plain().get(VERSION_KEY))


def as_version(value: Any) -> int | None:
    """``value`` where it is a version: a whole number of at least 1."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= FIRST else None


def other_version(root: Node, current: int) -> Problem | None:
    """Why a file in another version than ``current`` is not read; None where it is of that one, or states none."""
    version = stated_version(root)
    if version is None or version == current:
        return None
    origin, path = root.value[VERSION_KEY].origin, (VERSION_KEY,)
    if version > current:
        problem = f"is of version {version}, newer than {current}, which this yolozu reads"
        return Problem.at(origin, path, "YZ366", problem, "upgrade yolozu; a newer contract cannot be turned back")
    problem = f"is of version {version}, older than {current}, which this yolozu reads"
    fix = f"yolozu contract migrate {origin.file} shows what changes, --write writes it"
    return Problem.at(origin, path, "YZ367", problem, fix)
