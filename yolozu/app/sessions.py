"""Command-line words -> the session and the stages they mean."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from yolozu.contract.overrides import Override
from yolozu.engine.command_words import parse_words
from yolozu.engine.open_session import open_session
from yolozu.engine.run_names import embedded_config
from yolozu.engine.session import Session
from yolozu.errors import UsageError
from yolozu.stages.base import links
from yolozu.stages.registry import STAGES


def default_config() -> str:
    """The contract used where none is named: the working directory's own, or the one inside the package."""
    local = Path("configs/default.yaml")
    return str(local) if local.is_file() else embedded_config()


def session_for(
    words: Sequence[str] | None,
    run_id: str | None = None,
    flags: Sequence[Override] = (),
    *,
    run_dir: str | None = None,
    strict: bool = True,
    may_begin: bool = True,
) -> tuple[Session, list[str]]:
    """The run that ``words``, ``--run-id`` or ``--run-dir`` and contract flags mean, and the stages named in ``words``.

    Flags win over KEY=VALUE words. ``strict`` asks for strict mode whatever the file says;
    without ``may_begin`` a run that is not there is refused, unless its contract is named.

    Raises:
        YolozuError: the words, the contract, the data set or what is remembered cannot be used.
    """
    parsed = parse_words(() if words is None else words)
    flagged = {flag.key for flag in flags}
    session = open_session(
        config=parsed.config,
        run_id=_one_of("run_id", run_id, parsed.run_id),
        run_dir=_one_of("run_dir", run_dir, parsed.run_dir),
        given=[*(override for override in parsed.given if override.key not in flagged), *flags],
        default_config=default_config(),
        forget=parsed.forget,
        argv=sys.argv,
        strict=strict,
        may_begin=may_begin,
    )
    _check_names(session, parsed.names)
    return session, parsed.names


def _check_names(session: Session, names: Sequence[str]) -> None:
    """Refuse stages that are not part of the contract's plan."""
    for name in names:
        if name not in session.plan:
            outputs = links(STAGES.load(name).outputs).values()
            asked = [link.target.rpartition(".")[2] for link in outputs if link.kind == "gives_at"]
            fix = f"set {', '.join(asked[:-1])} or {asked[-1]}" if asked else f"set {name} to another value than none"
            problem = "this contract gives the stage nothing to do"
            raise UsageError.one("YZ318", where=name, problem=problem, fix=fix)


def _one_of(name: str, flag: str | None, word: str | None) -> str | None:
    """What a flag and a word say together."""
    if flag is not None and word is not None and flag != word:
        dashed = name.replace("_", "-")
        raise UsageError.one(
            "YZ310", where=f"--{dashed} {flag}", problem=f"{name}={word} says otherwise", fix="leave one out"
        )
    return word if flag is None else flag
