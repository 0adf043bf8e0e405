"""doit over a build, in this process: what `doit` does with a `dodo.py`, without one."""

from __future__ import annotations

from typing import Any, TextIO

from doit.cmd_base import TaskLoader2
from doit.doit_cmd import DoitMain
from doit.task import dict_to_task

from yolozu.engine.doit.reporter import BuildReporter
from yolozu.engine.doit.runner import use_runner_of
from yolozu.engine.doit.tasks import Build, doit_config
from yolozu.errors import EXIT_DONE, EXIT_USAGE


class BuildLoader(TaskLoader2):  # type: ignore[misc]
    """Hands the tasks of a build to doit."""

    def __init__(self, build: Build, stream: TextIO) -> None:
        super().__init__()
        self._build = build
        self._stream = stream

    def setup(self, opt_values: dict[str, Any]) -> None:
        """Nothing to prepare."""

    def load_doit_config(self) -> dict[str, Any]:
        """The build's settings."""
        return doit_config(self._build, BuildReporter(self._build, self._stream))

    def load_tasks(self, cmd: object, pos_args: list[str]) -> list[Any]:  # noqa: ARG002 - doit's call
        """The build's tasks."""
        return [dict_to_task({"name": entry.pop("basename"), **entry}) for entry in self._build.tasks()]


def run_build(build: Build, names: list[str], stream: TextIO) -> int:
    """Build ``names`` (all stages when empty); doit itself speaks on ``stream``. Returns the exit code."""
    use_runner_of(build)
    try:
        code = DoitMain(BuildLoader(build, stream), config_filenames=()).run(["run", *names])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else EXIT_USAGE
    finally:
        build.release()
        build.view.close()
    return int(code) if build.exit_code == EXIT_DONE else build.exit_code
