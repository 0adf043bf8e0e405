"""Strict mode: what a run contract must spell out itself."""

from __future__ import annotations

from yolozu.contract.strict.describe import shown
from yolozu.contract.strict.slots import keys
from yolozu.contract.text.node import Node, Origin, Problem

REQUIRED = ("config_version", "dataset_root", "seed", "device", "ddp", "amp")
"""Keys that decide a run and must not depend on a default."""

ASKING = ("run_contract", "run_id", "config_version")
"""Keys that ask for strict mode by being there."""


def asked_by(root: Node) -> tuple[str, Origin] | None:
    """The key in ``root`` that asks for strict mode, and where it was given; ``run_contract: false`` does not ask."""
    for key in ASKING:
        node = root.find((key,))
        if node is not None and not (key == "run_contract" and node.value is False):
            return key, node.origin
    return None


def missing_keys(written: Node, asked: tuple[str, Origin] | None) -> list[Problem]:
    """One problem that names every required key which ``written`` does not spell; none where all are there.

    Args:
        written: the file's own keys, aliases replaced.
        asked: key that asked for strict mode, and its origin; None where the command did.
    """
    missing = [key for key in REQUIRED if key not in written.value]
    if not missing:
        return []
    why = f" (asked for by {asked[0]}, {asked[1].text})" if asked is not None else ""
    problem = f"a run contract{why} must spell out {', '.join(missing)}"
    lines = ", ".join(f"'{key}: {shown(keys()[key].default)}'" for key in missing)
    origin = Origin.of_file(written.origin.file)
    return [Problem.at(origin, (), "YZ109", problem, f"add them, for example {lines}")]
