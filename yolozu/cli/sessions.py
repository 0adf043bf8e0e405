"""Command-line words -> the session and the stages they mean."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.engine.session import Session, open_session
from yolozu.engine.words import parse_words
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yolozu.contract.overrides import Override


def default_config() -> str:
    """The contract used where none is named: the working directory's own, or the one inside the package."""
    local = Path("configs/default.yaml")
    if local.is_file():
        return str(local)
    import yolozu.contract

    return str(Path(yolozu.contract.__path__[0]) / "default.yaml")


def session_for(
    words: Sequence[str] | None, run_id: str | None = None, flags: Sequence[Override] = (), *, strict: bool = True
) -> tuple[Session, list[str]]:
    """The run that ``words``, a ``--run-id`` and contract flags mean, and the stages named among the words.

    Flags win over KEY=VALUE words. ``strict`` asks for strict mode whatever the file says.

    Raises:
        YolozuError: the words, the contract, the data set or what is remembered cannot be used.
    """
    parsed = parse_words(() if words is None else words)
    if run_id is not None and parsed.run_id is not None and run_id != parsed.run_id:
        raise UsageError.one(
            "YZ310", where=f"--run-id {run_id}", problem=f"run_id={parsed.run_id} says otherwise", fix="leave one out"
        )
    flagged = {flag.key for flag in flags}
    session = open_session(
        config=parsed.config,
        run_id=parsed.run_id if run_id is None else run_id,
        given=[*(override for override in parsed.given if override.key not in flagged), *flags],
        default_config=default_config(),
        forget=parsed.forget,
        argv=sys.argv,
        strict=strict,
    )
    return session, parsed.names
