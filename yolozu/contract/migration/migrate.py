"""A contract of any earlier version -> the same in the version that is read here."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.contract.migration.contract_text import ContractText
from yolozu.contract.migration.other_trainers import spell_as_here
from yolozu.contract.migration.registry import MIGRATIONS
from yolozu.contract.text.node import Problem
from yolozu.contract.text.source import read_source, read_text
from yolozu.contract.versions import FIRST, VERSION_KEY, as_version, current_version, other_version
from yolozu.errors import ContractError

if TYPE_CHECKING:
    from yolozu.registry import Registry


@dataclass(frozen=True)
class Migrated:
    """What becomes of a contract file.

    Attributes:
        path: the file.
        since: version that it is written in.
        now: version that it becomes one of.
        before: its text.
        after: the text in that version.
    """

    path: Path
    since: int
    now: int
    before: str
    after: str

    @property
    def diff(self) -> str:
        """A unified diff, as `patch` reads it; empty where nothing changes."""
        return unified_diff(self.before, self.after, str(self.path))


def migrated(path: Path, *, migrations: Registry = MIGRATIONS, current: int | None = None) -> Migrated:
    """The contract at ``path`` in version ``current``; comments, order and layout stay.

    Keys of other trainers that mean just one of ours get our name on the way.

    Args:
        path: a YAML or JSON file, which is only read.
        migrations: steps, by the version that they begin with.
        current: version to end with; None for the one that is read here.

    Raises:
        ContractError: everything that is wrong: what `read_source` finds; YZ366 it is of a newer version; YZ104 what it
            states is no version; YZ368 and YZ369 what cannot be done without guessing.
    """
    root, problems = read_source(path)
    if problems:
        raise ContractError(problem.finding for problem in sorted(problems))
    current = current_version() if current is None else current
    before, stated = read_text(path), root.plain().get(VERSION_KEY)
    since = FIRST if VERSION_KEY not in root.value else as_version(stated)
    if since is None:
        origin, problem = root.value[VERSION_KEY].origin, f"must be a whole number of at least {FIRST}, got {stated!r}"
        found = Problem.at(
            origin, (VERSION_KEY,), "YZ104", problem, f"write the version that it is of: {FIRST} at first"
        )
        raise ContractError([found.finding])
    if since > current and (newer := other_version(root, current)) is not None:
        raise ContractError([newer.finding])
    contract = ContractText(before, str(path))
    spell_as_here(contract)
    contract.apply()
    for version in range(since, current):
        migrations.load(str(version))(contract)
        _state_version(contract, version + 1)
        contract.apply()
        if contract.refused:  # what the next step would start from is not known
            break
    if contract.refused:
        raise ContractError(problem.finding for problem in sorted(contract.refused))
    return Migrated(path, since, current, before, contract.text)


def unified_diff(before: str, after: str, name: str) -> str:
    """The lines that differ, with their surroundings; empty where none do."""
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, name)
    marked = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(marked)


def _state_version(contract: ContractText, version: int) -> None:
    if contract.has((VERSION_KEY,)):
        contract.replace((VERSION_KEY,), version)
    else:
        contract.add((VERSION_KEY,), version)
