"""Copies of results at paths of the user's choice."""

from dataclasses import fields
from pathlib import PurePosixPath
from typing import Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from yolozu.contract.base import Conflict, Section
from yolozu.paths import BEST_CHECKPOINT, OWN_DIRECTORIES, OWN_FILES, TRAIN_METRICS
from yolozu.stages.registry import STAGES

THERE_ANYWAY = {"checkpoint_out": BEST_CHECKPOINT, "metrics_jsonl": TRAIN_METRICS}
"""Where each content is in every run: asking for it there is no mistake, and needs no copy."""


class FilesSection(Section):
    """Copies of training's results, at paths below the run directory; they never make training stale."""

    checkpoint_out: str | None = Field(default=None, min_length=1)
    """Where to copy the best checkpoint (`checkpoints/best.pt`, what is exported and predicted with)."""

    metrics_jsonl: str | None = Field(default=None, min_length=1)
    """Where to copy the training metrics (`reports/train_metrics.jsonl`), a JSON object a line."""

    metrics_csv: str | None = Field(default=None, min_length=1)
    """Where to write the training metrics as a table: a column a number, a row an event, an empty cell for null."""

    @field_validator("checkpoint_out", "metrics_jsonl", "metrics_csv")
    @classmethod
    def _below_the_run_directory(cls, path: str | None, info: ValidationInfo) -> str | None:
        assert info.field_name is not None
        if path is not None:
            _check(info.field_name, path)
        return path

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        given = [(key, path) for key in type(self).model_fields if (path := getattr(self, key)) is not None]
        for position, (key, path) in enumerate(given):
            for earlier, other in given[:position]:
                if _collide(path, other):
                    raise Conflict(
                        key, earlier, problem=f"{path} and {other} cannot both be files", fix="give each its own path"
                    )
        return self


def _check(key: str, path: str) -> None:
    """Refuse a path that leads out of the run directory, or to a place that the run needs itself."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or path.startswith("~"):
        raise Conflict(
            key,
            problem=f"{path} is not below the run directory",
            fix="write a path relative to it, such as reports/copy; nothing of a run lies outside its directory",
            code="YZ104",
        )
    if pure.as_posix() != path or path == ".":
        fix = f"write {pure.as_posix()}" if pure.parts else "name a file, such as reports/copy"
        raise Conflict(key, problem=f"{path} is no plain path of a file", fix=fix, code="YZ104")
    owner = next((own for own in (*OWN_DIRECTORIES, *_own_files()) if _collide(path, own)), None)
    if owner is not None and THERE_ANYWAY.get(key) != path:
        raise Conflict(
            key,
            problem=f"{path} is in the way of the run's own {owner}",
            fix="choose a name that the run does not use, such as reports/copy",
            code="YZ104",
        )


def _own_files() -> list[str]:
    """Files that any run may have, whatever its contract says, relative to its directory."""
    links = (entry.metadata["link"] for name in STAGES for entry in fields(STAGES.load(name).outputs))
    return [*sorted(link.target for link in links if link.kind == "gives"), *OWN_FILES]


def _collide(path: str, other: str) -> bool:
    """Whether two paths are one, or one is a directory of the other; also where upper and lower case are the same."""
    first, second = (PurePosixPath(entry.casefold()) for entry in (path, other))
    return first.is_relative_to(second) or second.is_relative_to(first)
