"""`doit run_id=exp01`, `doit eval`, `doit lint`: contract -> tasks, and this repository's own chores."""

import sys

from yolozu.engine.dodo import Dodo

DODO = Dodo(sys.argv[1:])
DOIT_CONFIG = DODO.config


def task_pipeline():
    """The stages of the run that run_id=… and config=… name."""
    yield from DODO.tasks()


def _chore(*commands):
    return {"actions": [f"{sys.executable} -m {command}" for command in commands], "verbosity": 2}


def task_lint():
    """Style and mistakes, by ruff."""
    return _chore("ruff check .", "ruff format --check .")


def task_types():
    """Static types, by mypy."""
    return _chore("mypy")


def task_suite():
    """The tests (`./dev test` also installs)."""
    return _chore("pytest -n 2 --dist loadgroup")


def task_reference():
    """Write the generated schemas and reference pages anew."""
    return _chore(
        "yolozu contract schema --write",
        "docs.generate.schemas --write",
        "docs.generate.effects --write",
        "docs.generate.api_surface --write",
    )
