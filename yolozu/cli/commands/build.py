"""`yolozu run` and `yolozu train`: build what is stale, in any directory."""

from __future__ import annotations

from typing import Annotated

import typer

from yolozu.app.building import build_shown
from yolozu.app.ci.result_files import ResultFiles, told
from yolozu.app.sessions import require_no_stages, session_for
from yolozu.cli.flags import contract_flags, unlisted_contract_flags
from yolozu.cli.options import Config, Events, Junit, Paranoid, Quiet, RunDir, RunId, RunWords, Summary
from yolozu.cli.render import show_findings
from yolozu.contract.overrides import Override
from yolozu.engine.finish import finishing_overrides
from yolozu.engine.session import Session
from yolozu.engine.view.live import view_for
from yolozu.engine.view.view import JsonView, QuietView
from yolozu.progress import on_stderr

Forget = Annotated[
    str | None,
    typer.Option(help="Remembered overrides to drop, with commas between them; or all (as forget=…).", metavar="KEYS"),
]

TRAINED = ["onnx_parity"]
"""What `yolozu train` builds, with all it needs: data, checkpoints, ONNX, parity; and the copies that are asked for."""


@unlisted_contract_flags
def run(
    words: RunWords = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    forget: Forget = None,
    paranoid: Paranoid = False,
    quiet: Quiet = False,
    as_json: Events = False,
    junit: Junit = None,
    summary: Summary = None,
    overrides: list[Override],
) -> int:
    """Build what is stale: `yolozu run exp.yaml eval run_id=exp01 lr=0.001` is `doit` without a checkout."""
    with told(ResultFiles(junit, summary)) as files:
        session, names = session_for(
            with_forget(words, forget),
            run_id,
            overrides,
            run_dir=run_dir,
            config=config,
            progress=on_stderr,
            paranoid=paranoid,
        )
    return _build(session, names, files, quiet=quiet, as_json=as_json)


@contract_flags
def train(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="A contract file (YAML or JSON) and KEY=VALUE pairs. Without a contract, keys have their defaults.",
            metavar="CONFIG|KEY=VALUE",
        ),
    ] = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Insist on going on: rather than start afresh, fail and name the changes."),
    ] = False,
    forget: Forget = None,
    quiet: Quiet = False,
    as_json: Events = False,
    junit: Junit = None,
    summary: Summary = None,
    overrides: list[Override],
) -> int:
    """Train, export and check parity. Without --run-id the run is named by the UTC time."""
    with told(ResultFiles(junit, summary)) as files:
        session, stages = session_for(
            with_forget(words, forget),
            run_id,
            overrides,
            run_dir=run_dir,
            config=config,
            strict=run_id is not None,
            needs_no_file=True,
            progress=on_stderr,
        )
        require_no_stages(stages, "train")
    names = [*(["files"] if "files" in session.plan else []), *TRAINED]
    return _build(session, names, files, insist_on_resume=resume, quiet=quiet, as_json=as_json)


@unlisted_contract_flags
def finish(
    words: RunWords = None,
    run_id: RunId = None,
    run_dir: RunDir = None,
    config: Config = None,
    *,
    quiet: Quiet = False,
    as_json: Events = False,
    overrides: list[Override],
) -> int:
    """End an interrupted training where it stands, keep it, and build what follows: `yolozu finish run_id=exp01`.

    The run remembers the step it has reached as its max_steps; a higher one goes on from there.
    """
    session, _ = session_for(
        words, run_id, overrides, run_dir=run_dir, config=config, may_begin=False, progress=on_stderr
    )
    given = [*overrides, *finishing_overrides(session)]
    session, names = session_for(words, run_id, given, run_dir=run_dir, config=config, progress=on_stderr)
    return _build(session, names, ResultFiles(), quiet=quiet, as_json=as_json)


def with_forget(words: list[str] | None, forget: str | None) -> list[str]:
    """``words``, and what ``--forget`` says, as a word."""
    return [*(words if words is not None else ()), *([] if forget is None else [f"forget={forget}"])]


def _build(
    session: Session,
    names: list[str],
    files: ResultFiles,
    *,
    insist_on_resume: bool = False,
    quiet: bool,
    as_json: bool,
) -> int:
    show_findings(session.loaded.warnings)
    view = JsonView() if as_json else QuietView() if quiet else view_for()
    return build_shown(session, names, view, resume=insist_on_resume, files=files)
