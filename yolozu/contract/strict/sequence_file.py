"""A sequence file -> what each task's contract is given, every key with its line; or everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolozu.contract.overrides import Override
from yolozu.contract.sections.task_sequence import OF_THE_TASK_BEFORE, PREVIOUS, TaskSequence
from yolozu.contract.strict.read_strict import typed
from yolozu.contract.text.node import Node, Origin, Problem
from yolozu.contract.text.source import read_source

Given = Mapping[str, Node]


@dataclass(frozen=True)
class SequencedTask:
    """A task as the file says it.

    Attributes:
        name: its name.
        run_id: name of its run.
        where: place of its name in the file.
        shared: keys that hold for all tasks.
        own: keys of the task, and of all later tasks where it is one.
    """

    name: str
    run_id: str
    where: str
    shared: tuple[Override, ...]
    own: tuple[Override, ...]


@dataclass(frozen=True)
class LoadedSequence:
    """A sequence file.

    Attributes:
        path: the file.
        run_id: name of the sequence.
        base: contract file of all tasks; None where there is none.
        tasks: in order.
    """

    path: Path
    run_id: str
    base: str | None
    tasks: tuple[SequencedTask, ...]


def read_sequence(path: Path) -> LoadedSequence:
    """The sequence in a YAML or JSON file. What keys of tasks mean, the contract says when it is made of them.

    Raises:
        ContractError: everything that is wrong, sorted by line.
    """
    root, problems = read_source(path)
    own = _take_keys_of_tasks(root)
    shared, later = (_map_at(root, key) for key in ("keys", "later"))
    names = [task.find(("name",)) for task in _tasks(root)]
    problems += [*_names_twice(names), *_not_theirs([("keys", shared), ("later", later), *_named(own)])]
    problems += _nothing_before([("keys", shared), *_named(own[:1])])
    sequence = typed(root, problems, TaskSequence)
    tasks = []
    for place, (task, given) in enumerate(zip(sequence.tasks, own, strict=True)):
        before = "" if place == 0 else f"{sequence.run_id}-{sequence.tasks[place - 1].name}"
        node = names[place]
        assert node is not None, "a task without a name was reported"
        merged = {**later, **given} if place else given
        tasks.append(
            SequencedTask(
                name=task.name,
                run_id=f"{sequence.run_id}-{task.name}",
                where=node.origin.text,
                shared=_overrides({key: value for key, value in shared.items() if key not in merged}, before),
                own=_overrides(merged, before),
            )
        )
    return LoadedSequence(path, sequence.run_id, sequence.base, tuple(tasks))


def _overrides(given: Given, before: str) -> tuple[Override, ...]:
    def value(key: str, node: Node) -> Any:
        return before if key in OF_THE_TASK_BEFORE and node.value == PREVIOUS else node.plain()

    return tuple(Override(key, value(key, node), node.origin.text) for key, node in given.items())


def _tasks(root: Node) -> list[Node]:
    tasks = root.find(("tasks",))
    return tasks.value if tasks is not None and isinstance(tasks.value, list) else []


def _take_keys_of_tasks(root: Node) -> list[Given]:
    """Keys of the contract, taken out of the tasks."""
    taken: list[Given] = []
    for task in _tasks(root):
        keys = {} if not isinstance(task.value, dict) else {key: task.value[key] for key in task.value if key != "name"}
        for key in keys:
            del task.value[key]
        taken.append(keys)
    return taken


def _map_at(root: Node, key: str) -> Given:
    node = root.find((key,))
    return dict(node.value) if node is not None and isinstance(node.value, dict) else {}


def _named(own: list[Given]) -> list[tuple[str, Given]]:
    return [(f"tasks[{place}]", given) for place, given in enumerate(own)]


def _names_twice(names: list[Node | None]) -> Iterator[Problem]:
    first: dict[Any, Origin] = {}
    for place, node in enumerate(names):
        if node is None or not isinstance(node.value, str):
            continue
        if node.value in first:
            problem = f"{node.value} is the name of another task, on line {first[node.value].line}"
            yield Problem.at(node.origin, ("tasks", place, "name"), "YZ559", problem, "give each its own name")
        first.setdefault(node.value, node.origin)


def _not_theirs(given: list[tuple[str, Given]]) -> Iterator[Problem]:
    """Keys that are the sequence's own."""
    for place, keys in given:
        if "run_id" in keys:
            fix = "drop it: the runs are called <run_id of the sequence>-<name of the task>"
            yield Problem.at(keys["run_id"].origin, (), "YZ559", f"{place}.run_id: no task names its run itself", fix)


def _nothing_before(given: list[tuple[str, Given]]) -> Iterator[Problem]:
    """Keys that stand for the task before, given to the first one, too."""
    for place, keys in given:
        for key in OF_THE_TASK_BEFORE:
            if key in keys and keys[key].value == PREVIOUS:
                fix = f"write {key}: {PREVIOUS} under later, or in a later task"
                problem = f"{place}.{key}: the first task has none before it"
                yield Problem.at(keys[key].origin, (), "YZ559", problem, fix)
