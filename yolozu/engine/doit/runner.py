"""How doit runs the tasks of a build: one after another, in this thread, until a stop is asked for."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from doit import cmd_run
from doit.runner import MRunner, MThreadRunner, Runner

from yolozu.errors import EXIT_DONE

if TYPE_CHECKING:
    from yolozu.engine.doit.tasks import Build


def use_runner_of(build: Build) -> None:
    """Let doit's next command in this process run the stages of ``build`` so, and everything else as it always does.

    doit offers no place to choose a runner, so the names by which it finds its own stand for ours. Its parallel ones
    cannot be stopped: they leave the worker of a stage behind, or wait for ever.
    """
    for name, kind in (("Runner", Runner), ("MRunner", MRunner), ("MThreadRunner", MThreadRunner)):
        setattr(cmd_run, name, _runner(kind, build))


def _runner(kind: type[Any], build: Build) -> type[Any]:
    class BuildRunner(kind):  # type: ignore[misc]
        def run_tasks(self, task_dispatcher: Any) -> None:
            build.asked = _reached(build, task_dispatcher)
            if not build.asked:
                super().run_tasks(task_dispatcher)
                return
            if not build.may_begin():
                return
            if kind is not Runner:
                print("stages are built one after another: each has all cores, so -n has no effect", file=sys.stderr)
            with build.stopping, closing(build.view):
                Runner.run_tasks(self, task_dispatcher)

        def finish(self) -> int:
            result: int = super().finish()
            if result == EXIT_DONE and (lines := build.summary()):
                build.view.summarize(lines)
            build.release()
            if build.exit_code:
                raise SystemExit(build.exit_code)
            return result

    return BuildRunner


def _reached(build: Build, dispatcher: Any) -> list[str]:
    """The stages of ``build`` that the selected tasks need, without those that these need."""
    left, seen, stages = list(dispatcher.selected_tasks), set[str](), list[str]()
    while left:
        name = left.pop()
        if name in build.session.plan:
            stages.append(name)
        elif name not in seen:
            seen.add(name)
            left += [*dispatcher.tasks[name].task_dep, *dispatcher.tasks[name].setup_tasks]
    return stages
