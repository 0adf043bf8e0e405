"""What a search has decided, a line each: the runs that it has chosen, and where it has ended one early.

All else of a search is in the files of its runs. A line is on disk as soon as it is written; half a line, which a
killed process leaves behind, counts as none.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from yolozu.artifacts.jsonio import canonical, fsync_dir
from yolozu.artifacts.record import Record
from yolozu.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


class Chosen(Record):
    """A run was chosen."""

    event: Literal["chosen"] = "chosen"
    """Tells lines apart."""

    number: int
    """Of the run, from 0."""

    run_id: str
    """Its name."""

    values: dict[str, JsonValue]
    """Dotted key -> value."""


class Pruned(Record):
    """A run's training was ended early."""

    event: Literal["pruned"] = "pruned"
    """Tells lines apart."""

    run_id: str
    """Its name."""

    decided_by: str
    """Digest of the run's contract, the metric and the pruner; under others the decision does not hold."""

    validation: int
    """Number of the validation, from 1."""

    optim_step: int
    """Optimizer steps there."""

    value: float
    """The metric there."""


LINE: TypeAdapter[Chosen | Pruned] = TypeAdapter(Annotated[Chosen | Pruned, Field(discriminator="event")])


@dataclass
class SearchJournal:
    """The journal of a search.

    Attributes:
        path: the file.
        chosen: the runs, in the order in which they were chosen.
        pruned: run -> where it was ended early last.
    """

    path: Path
    chosen: list[Chosen] = field(default_factory=list)
    pruned: dict[str, Pruned] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> SearchJournal:
        """The journal at ``path``, an empty one where there is none. Nothing is written.

        Raises:
            InputError: YZ731, a line of it is none; all of them.
        """
        journal = cls(path)
        *lines, _ = path.read_bytes().split(b"\n") if path.exists() else [b""]
        for number, line in enumerate(lines, start=1):
            try:
                journal._take(LINE.validate_python(json.loads(line)))
            except (ValueError, ValidationError) as error:
                raise InputError.one(
                    "YZ731",
                    where=f"{path}:{number}",
                    problem="is no line of a search's journal",
                    fix=f"delete {path}: runs that are there are kept, and found again where they are chosen again",
                ) from error
        return journal

    def add(self, line: Chosen | Pruned) -> None:
        """Write a line, durably."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
            file.write(canonical(line.model_dump(mode="json")).encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fsync_dir(self.path.parent)
        self._take(line)

    def _take(self, line: Chosen | Pruned) -> None:
        if isinstance(line, Chosen):
            self.chosen.append(line)
        else:
            self.pruned[line.run_id] = line
