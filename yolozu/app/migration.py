"""Contracts turned into today's version, one by one, and written where that is asked for."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.contract.migration.migrate import Migrated, migrated
from yolozu.errors import ContractError, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class MigratedFile:
    """A contract file and what becomes of it.

    Attributes:
        path: the file.
        result: its text before and after; None where it is refused.
        findings: why it is refused.
        written: whether the file has changed.
    """

    path: Path
    result: Migrated | None
    findings: tuple[Finding, ...] = ()
    written: bool = False


def migrated_files(paths: Sequence[Path], *, write: bool) -> Iterator[MigratedFile]:
    """What becomes of each contract at ``paths``; one that is refused keeps no other from changing."""
    for path in paths:
        try:
            result = migrated(path)
        except ContractError as error:
            yield MigratedFile(path, None, error.findings)
            continue
        changes = result.before != result.after
        if write and changes:
            _replace(path, result.after)
        yield MigratedFile(path, result, written=write and changes)


def _replace(path: Path, text: str) -> None:
    """Write the file that ``path`` names or links to, whole or not at all, with the permissions it had."""
    from yolozu.artifacts.jsonio import write_text

    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode)
    write_text(target, text)
    target.chmod(mode)
