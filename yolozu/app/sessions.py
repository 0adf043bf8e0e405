"""Command-line words -> the session and the stages they mean."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from yolozu.contract.overrides import Override
from yolozu.engine.command_words import parse_words
from yolozu.engine.default_contract import default_contract
from yolozu.engine.open_session import open_session
from yolozu.engine.session import Session
from yolozu.errors import UsageError
from yolozu.progress import Progress
from yolozu.stages.base import links
from yolozu.stages.registry import STAGES


def session_for(
    words: Sequence[str] | None,
    run_id: str | None = None,
    flags: Sequence[Override] = (),
    *,
    run_dir: str | None = None,
    config: str | None = None,
    strict: bool = True,
    may_begin: bool = True,
    needs_no_file: bool = False,
    progress: Callable[[], Progress] | None = None,
    paranoid: bool = False,
) -> tuple[Session, list[str]]:
    """The run that words, ``--run-id``, ``--run-dir``, ``--config`` and contract flags mean; and the words' stages.

    Flags win over KEY=VALUE words. ``strict`` asks for strict mode whatever the file says;
    without ``may_begin`` a run that is not there is refused, unless its contract is named. Where none is named, a new
    run has the directory's own contract, or with ``needs_no_file`` the contract's defaults, and must be told its data.
    ``progress`` gives where a long look at the data is shown.
    ``paranoid`` reads every file, as the word ``paranoid=true`` does.

    Raises:
        YolozuError: the words, the contract, the data set or what is remembered cannot be used.
    """
    parsed = parse_words(() if words is None else words)
    flagged = {flag.key for flag in flags}
    given = [*(override for override in parsed.given if override.key not in flagged), *flags]
    config, run_id = _one_of("config", config, parsed.config), _one_of("run_id", run_id, parsed.run_id)
    run_dir = _one_of("run_dir", run_dir, parsed.run_dir)
    if needs_no_file and (config, run_id, run_dir) == (None, None, None):
        _require_data(given)
    session = open_session(
        config=config,
        run_id=run_id,
        run_dir=run_dir,
        given=given,
        default_config=None if needs_no_file else default_contract(),
        forget=parsed.forget,
        argv=sys.argv,
        strict=strict,
        may_begin=may_begin,
        progress=progress,
        paranoid=paranoid or parsed.paranoid,
    )
    _check_names(session, parsed.names)
    return session, parsed.names


def require_no_stages(names: Sequence[str], command: str) -> None:
    """Refuse stages among the words of a command that chooses them itself.

    Raises:
        UsageError: YZ115.
    """
    if names:
        said = " ".join(names)
        fix = f"leave it out, or choose stages with yolozu run … {said}"
        raise UsageError.one("YZ115", where=said, problem=f"yolozu {command} always builds the same stages", fix=fix)


def _require_data(given: Sequence[Override]) -> None:
    """Refuse a command that names neither contract nor run nor data: rendered scenes are nobody's data by chance."""
    if not any(override.path == ("dataset_root",) for override in given):
        problem = "neither a contract nor a data set is named"
        fix = "name one: a contract such as exp.yaml, or --dataset-root DIR (synthetic renders scenes)"
        raise UsageError.one("YZ114", where="command line", problem=problem, fix=fix)


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
