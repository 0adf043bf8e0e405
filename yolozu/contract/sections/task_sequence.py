"""Tasks that are learned one after another: what a sequence file says."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from yolozu.contract.base import Form, Section
from yolozu.paths import RUN_ID_PATTERN

Name = Annotated[
    str,
    Field(pattern=f"^{RUN_ID_PATTERN}$"),
    Form("1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"),
]

PREVIOUS = "previous"
"""What stands for the run of the task before, as the value of a key in `OF_THE_TASK_BEFORE`."""

OF_THE_TASK_BEFORE = ("self_distill_from",)


class SequenceTask(Section):
    """A task: its name, and beside it keys of its contract."""

    name: Name
    """Name; its run is called like the sequence and the task, `<run_id>-<name>`."""


class TaskSequence(Section):
    """A sequence of tasks: each is a run, and goes on from the one before."""

    config_version: Literal[1]
    """Version of the contract's language."""

    run_id: Name
    """Name of the sequence."""

    base: str | None = Field(default=None, min_length=1)
    """Contract file that all tasks share, relative to the working directory; null means the contract's defaults."""

    keys: dict[str, JsonValue] = Field(default_factory=dict)
    """Keys of the contract for every task; they win over `base`."""

    later: dict[str, JsonValue] = Field(default_factory=dict)
    """Keys for every task but the first; they win over `keys`."""

    tasks: Annotated[tuple[SequenceTask, ...], Field(min_length=1), Form("a list of tasks: {name: …, keys …}")]
    """The tasks, in order. What a task says itself wins over all else."""
