"""Tasks of a doit graph, several at once: each in a thread, as soon as all that it depends on has succeeded.

doit's own parallel runners cannot be stopped: they leave the worker of a stage behind, or wait for ever. What may run,
its dispatcher says; starting and waiting are done here, in the one thread that signals reach.
"""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

Ended = tuple[Any, "bool | BaseException"]
"""doit's node of a task, and whether it succeeded, or what it raised."""


class Slots(Protocol):
    """What tasks need while they run: a core, a device."""

    def take(self, name: str) -> bool:
        """Set aside what a task needs; False where it is not free now."""
        ...

    def free(self, name: str) -> None:
        """Give it back."""
        ...


def run_side_by_side(
    dispatcher: Any,
    execute: Callable[[str], bool],
    *,
    slots: Slots,
    order: Callable[[str], int],
    may_begin: Callable[[], bool],
    blocked: Callable[[str, list[str]], None],
) -> None:
    """Run all tasks that may, until none is left or none may begin.

    Args:
        dispatcher: doit's, of the selected tasks.
        execute: runs a task by name, in a thread of its own; whether it succeeded. What it raises ends everything once
            the tasks that run have ended.
        slots: what tasks have to share.
        order: of several that could begin, the lowest does.
        may_begin: asked before each; once it says no, what runs is waited for.
        blocked: told of a task that cannot run, and of those before it that did not succeed.
    """
    ended: SimpleQueue[Ended] = SimpleQueue()
    ready: list[Any] = []
    running = 0
    last: Any = None
    raised: BaseException | None = None

    def run(node: Any) -> None:
        try:
            ended.put((node, execute(node.task.name)))
        except BaseException as error:  # noqa: BLE001 - raised again where it can be seen
            ended.put((node, error))

    while True:
        node, last = _next(dispatcher, last), None
        if node is not None and node.bad_deps:
            node.run_status, last = "failure", node
            blocked(node.task.name, [one.task.name for one in node.bad_deps])
            continue
        if node is not None:
            node.run_status = "run"
            ready.append(node)
            continue
        ready.sort(key=lambda one: order(one.task.name))
        for one in [*ready] if raised is None and may_begin() else []:
            if slots.take(one.task.name):
                ready.remove(one)
                Thread(target=run, args=(one,), name=one.task.name).start()
                running += 1
        if not running:
            break
        last, succeeded = ended.get()
        running -= 1
        slots.free(last.task.name)
        raised = succeeded if isinstance(succeeded, BaseException) else raised
        last.run_status = "successful" if succeeded is True else "failure"
    if raised is not None:
        raise raised


def _next(dispatcher: Any, ended: Any) -> Any:
    """The next task that may run, by doit's node; None where nothing more may until another has ended."""
    try:
        node = dispatcher.generator.send(ended)
    except StopIteration:
        return None
    return None if isinstance(node, str) else node
