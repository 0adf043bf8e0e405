"""Runs that a file of several describes: a sequence of tasks, a sweep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yolozu.contract.loader import COMMAND_LINE
from yolozu.data.fingerprint import look_at_data
from yolozu.engine.open_session import open_session
from yolozu.engine.run_overrides import FORGET_ALL
from yolozu.progress import on_stderr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.artifacts.digest import DigestCache
    from yolozu.contract.overrides import Override
    from yolozu.data.fingerprint import DataFiles
    from yolozu.engine.open_session import LookAtData
    from yolozu.engine.session import Session
    from yolozu.errors import Finding


def of_the_file(finding: Finding, path: Path) -> Finding:
    """What is said of a contract without a file of its own is said of the file that describes the run."""
    return replace(finding, where=str(path)) if finding.where == COMMAND_LINE else finding


class LooksOnce:
    """Looks at data sets, of which each is looked at once, however many runs use it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[str, ...]], DataFiles] = {}

    def __call__(self, root: str, splits: list[str], cache: DigestCache) -> DataFiles:
        """As `look_at_data`.

        Raises:
            InputError: the data set or one of the splits is not there.
        """
        key = (root, tuple(splits))
        if key not in self._known:
            self._known[key] = look_at_data(root, splits, cache)
        return self._known[key]


def open_described(
    run_id: str,
    base: str | None,
    overrides: Sequence[Override],
    argv: Sequence[str],
    *,
    described: str,
    look_at: LookAtData = look_at_data,
) -> Session:
    """The run as an ordinary one; what it was given before is forgotten, so that the file alone says what it is.

    Args:
        run_id: its name.
        base: contract file; None where there is none.
        overrides: all keys that the file gives it.
        argv: the command line, for the record.
        described: what its headline says of it.
        look_at: as in `open_session`.

    Raises:
        YolozuError: what it reads is not there, or the data set cannot be read.
    """
    session = open_session(
        config=base,
        run_id=run_id,
        given=overrides,
        default_config=None,
        forget=[FORGET_ALL],
        argv=argv,
        strict=False,
        checks_name=False,
        progress=on_stderr,
        look_at=look_at,
    )
    _, *lines = session.headline.splitlines()
    return replace(session, headline="\n".join([f"{run_id}: {described}", *lines]))
