"""Where a training can go on from: its own interrupted state, a finished one that it extends, or nowhere."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from yolozu.artifacts.spec import changes
from yolozu.errors import InputError, UsageError
from yolozu.training.keeper import About, Keeper, Saved, TrainingFiles, read_saved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from yolozu.training.learner import Learner
    from yolozu.training.state import TrainingState


@dataclass(frozen=True)
class Origin:
    """What a training may start from besides nothing.

    Attributes:
        published: files of a finished training that this one may extend, by the names of `TrainingFiles`; or empty.
        insist: fail rather than start afresh.
    """

    published: Mapping[str, Path]
    insist: bool = False


def take_up(
    files: TrainingFiles,
    about: About,
    origin: Origin,
    *,
    learner: Learner,
    keeper: Keeper,
    schedule_of_total: str | None,
    say: Callable[[str], None],
    num_processes: int = 1,
) -> TrainingState | None:
    """Bring ``learner`` and ``files`` to where training can go on, and say so; None leaves both as new.

    Args:
        files: what an interrupted training of the same request has left, if anything.
        about: what this training is.
        origin: what else it may start from.
        learner: takes over the saved weights and optimizer state.
        keeper: of the same files.
        schedule_of_total: the schedule whose earlier steps would have been others in a longer training, if that rules
            an extension out.
        say: where to tell what was found.
        num_processes: that train together.

    Raises:
        UsageError: YZ504, `Origin.insist` and there is nothing to go on from.
        InputError: YZ455, the state does not hold exactly this detector.
    """
    files.clear_leftovers()
    if files.last.is_file():
        found = _interrupted(files, about, keeper)
    elif origin.published:
        found = _finished(files, about, origin.published, keeper, schedule_of_total)
    else:
        found = "there is no earlier state"
    if isinstance(found, str):
        if origin.insist:
            raise UsageError.one(
                "YZ504",
                where="resume",
                problem=f"cannot go on: {found}",
                fix="leave out --resume to start afresh, or set the keys back to what the state was made for",
            )
        if files.last.is_file() or origin.published:
            say(f"starting afresh: {found}")
        files.clear()
        return None
    learner.load(found.checkpoint)
    if not files.last.is_file():  # only now: before it, the next try would begin from the published files again
        keeper.save(found.state)
    say(f"going on from optimizer step {found.state.step}")
    if found.threads != torch.get_num_threads():
        say(
            f"warning: the state was made with {found.threads} torch threads, now there are {torch.get_num_threads()}: "
            "from here on, bits may differ from those of an uninterrupted training"
        )
    if found.processes != num_processes:
        say(
            f"warning: the state was made by {found.processes} processes, now there are {num_processes}: "
            "from here on, sums have another order, and bits may differ from those of an uninterrupted training"
        )
    return found.state


def _interrupted(files: TrainingFiles, about: About, keeper: Keeper) -> Saved | str:
    """The state in ``files``, or why it is of no use."""
    try:
        saved = read_saved(files.last)
    except (InputError, ValueError) as error:
        return f"{files.last.name} is of no use: {error}"
    if saved.state_digest != about.state_digest:
        return f"{files.last.name} was made for other settings or data: {_difference(saved, about)}"
    if not keeper.complete_best(saved.state):
        return f"{files.best.name} is not the one that {files.last.name} was saved with"
    return _with_metrics(files, saved)


def _finished(
    files: TrainingFiles,
    about: About,
    published: Mapping[str, Path],
    keeper: Keeper,
    schedule_of_total: str | None,
) -> Saved | str:
    """The state of the published training, brought into ``files``; or why it is of no use."""
    try:
        saved = read_saved(published["last"])
    except (InputError, ValueError) as error:
        return f"{published['last']} is of no use: {error}"
    if schedule_of_total is not None:
        return (
            f"{_difference(saved, about)}, but {schedule_of_total} would have had other learning rates from the start; "
            "extend: true goes on all the same"
        )
    for name in ("train_metrics", "val_metrics"):
        shutil.copyfile(published[name], getattr(files, name))
    if not keeper.adopt(saved, published["best"]):
        return f"{published['best']} is not the one that its last.pt was saved with"
    return _with_metrics(files, saved)


def _with_metrics(files: TrainingFiles, saved: Saved) -> Saved | str:
    for path, rows in ((files.train_metrics, saved.state.train_rows), (files.val_metrics, saved.state.val_rows)):
        if not path.is_file() or path.read_bytes().count(b"\n") < rows:
            return f"{path.name} has lost rows that were written before {files.last.name}"
    return saved


def _difference(saved: Saved, about: About) -> str:
    return "; ".join(change.render() for change in changes(saved.spec, about.spec)) or "the data have changed"
