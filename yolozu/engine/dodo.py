"""What a `dodo.py` needs: doit's variables -> the run they mean, as settings and tasks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from yolozu.contract.overrides import parse_assignments
from yolozu.engine.command_words import ASKS, at_home, is_paranoid
from yolozu.engine.default_contract import default_contract
from yolozu.engine.doit.reporter import BuildReporter
from yolozu.engine.doit.runner import use_runner_of
from yolozu.engine.doit.tasks import Build, doit_config
from yolozu.engine.open_session import open_session
from yolozu.engine.session import Session
from yolozu.engine.stopping import LeaveOnSignal
from yolozu.engine.view.live import view_for
from yolozu.errors import YolozuError
from yolozu.progress import on_stderr


class Dodo:
    """The run that the arguments of `doit` mean, with its settings and tasks.

    Without ``default_config`` the contract is the directory's own, as for every `yolozu` command.

    A contract that cannot be used ends the process with its findings and exit code 2, before doit does anything. From
    here on a signal ends it without a traceback.
    """

    def __init__(self, arguments: Sequence[str], *, default_config: str | None = None) -> None:
        LeaveOnSignal().install()
        try:
            default = default_contract() if default_config is None else default_config
            session = session_of(arguments, default_config=default)
        except YolozuError as error:
            print(error, file=sys.stderr)
            raise SystemExit(error.exit_code) from error
        for warning in session.loaded.warnings:
            print(warning.render(), file=sys.stderr)
        self._build = Build(session, view=view_for(), summarizes=True)
        use_runner_of(self._build)
        self.config: dict[str, Any] = doit_config(self._build, BuildReporter(self._build, sys.stdout))

    def tasks(self) -> Iterator[dict[str, Any]]:
        """Task dictionaries for a ``task_*`` function to yield from."""
        return self._build.tasks()


def session_of(arguments: Sequence[str], *, default_config: str | None) -> Session:
    """The session that ``run_id=… config=… key=value …`` means; words without ``=`` are doit's own.

    Raises:
        YolozuError: as `open_session`.
    """
    pairs = [word for word in arguments if "=" in word and not word.startswith("-")]
    words = [word.split("=", 1) for word in pairs]
    asked = {key: at_home(key, value) for key, value in words if key in ASKS}
    rest = [word for word in pairs if word.split("=", 1)[0] not in ASKS]
    return open_session(
        config=asked.get("config"),
        run_id=asked.get("run_id"),
        run_dir=asked.get("run_dir"),
        given=parse_assignments(rest),
        default_config=default_config,
        forget=tuple(key for key in asked.get("forget", "").split(",") if key),
        argv=sys.argv,
        progress=on_stderr,
        paranoid=is_paranoid(asked),
    )
