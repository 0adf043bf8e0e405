"""``~`` and environment variables in paths, which shells replace only in some places of a command line."""

from __future__ import annotations

import os
import re

from yolozu.contract.path_keys import path_keys
from yolozu.contract.text.node import BROKEN, KeyPath, Node, Problem

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)


class UnclearPathError(ValueError):
    """A path that names nothing, or two places.

    Attributes:
        problem: what is unclear.
        fix: what would make it clear.
    """

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem, self.fix = problem, fix


def expanded(path: str, *, variables: bool = True) -> str:
    """``path`` with ``~`` or ``~name`` at its start, ``$NAME`` and ``${NAME}`` replaced; other paths as they are.

    What is really called so is meant where nothing is at the other place.

    Args:
        path: as it was written.
        variables: whether environment variables are replaced.

    Raises:
        UnclearPathError: a variable is not set, a user has no home, or both places are there.
    """
    meant, unknown = _at_home(path)
    if variables and unknown is None:
        meant, unknown = _filled(meant)
    if unknown is None and meant == path:
        return path
    if os.path.lexists(path):
        if unknown is not None or not os.path.lexists(meant):
            return path
        raise UnclearPathError(f"{path} is there, and so is {meant}", f"write {meant}, or rename the other")
    if unknown is not None:
        raise UnclearPathError(f"{path}: {unknown}", "set it, or write the path out")
    return meant


def expand(key: KeyPath, node: Node) -> list[Problem]:
    """Replace ``~`` and variables in the value of a key that holds a path; returns what is wrong with it."""
    marked = path_keys().get(key)
    if marked is None or not isinstance(node.value, str) or node.value in marked.words:
        return []
    try:
        node.value = expanded(node.value)
    except UnclearPathError as error:
        node.value = BROKEN
        return [Problem.at(node.origin, key, "YZ292", error.problem, error.fix)]
    return []


def expand_file(root: Node) -> list[Problem]:
    """Replace them in all paths of a contract; returns what is wrong."""
    found = ((key, root.find(key)) for key in path_keys())
    return [problem for key, node in found if node is not None for problem in expand(key, node)]


def _at_home(path: str) -> tuple[str, str | None]:
    meant = os.path.expanduser(path)  # noqa: PTH111 - a text as it was typed
    user = path.partition("/")[0]
    return meant, f"there is no home directory {user}" if path.startswith("~") and meant == path else None


def _filled(path: str) -> tuple[str, str | None]:
    names = [braced or bare for braced, bare in _VARIABLE.findall(path)]
    missing = next((name for name in names if not os.environ.get(name)), None)
    if missing is not None:
        return path, f"there is no environment variable {missing}"
    return _VARIABLE.sub(lambda found: os.environ[found[1] or found[2]], path), None
