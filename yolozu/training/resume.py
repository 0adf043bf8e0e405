"""Where a training can go on from: its own interrupted state, a finished one that it extends, or nowhere."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from yolozu.artifacts.spec import changes
from yolozu.errors import InputError, UsageError
from yolozu.training.checkpointing import CheckpointInfo, CheckpointWriter, Saved, TrainingFiles, read_saved

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from pathlib import Path

    from yolozu.artifacts.checkpoint import Checkpoint
    from yolozu.training.learner import Learner
    from yolozu.training.state import TrainingState


@dataclass(frozen=True)
class ResumeSources:
    """What a training may start from besides nothing.

    Attributes:
        published: files of a finished training that this one may extend, by the names of `TrainingFiles`; or empty.
        earlier_digests: what an interrupted state may carry besides `CheckpointInfo.state_digest`.
        insist: fail rather than start afresh.
    """

    published: Mapping[str, Path]
    earlier_digests: Container[str] = ()
    insist: bool = False


def take_up(
    files: TrainingFiles,
    info: CheckpointInfo,
    sources: ResumeSources,
    *,
    learner: Learner,
    checkpoints: CheckpointWriter,
    patience: int,
    say: Callable[[str], None],
    num_processes: int = 1,
) -> TrainingState | None:
    """Bring ``learner`` and ``files`` to where training can go on, and say so; None leaves both as new.

    Args:
        files: what an interrupted training of the same request has left, if anything.
        info: what this training is.
        sources: what else it may start from.
        learner: takes over the saved weights and optimizer state.
        checkpoints: of the same files.
        patience: of early stopping; a training that ran out of less goes on.
        say: where to tell what was found.
        num_processes: that train together.

    Raises:
        UsageError: YZ504, `ResumeSources.insist` and there is nothing to go on from.
        InputError: YZ455, the state does not hold exactly this detector; YZ476, its weights are quantized otherwise.
    """
    files.clear_leftovers()
    if files.last.is_file():
        found = _interrupted(files, info, sources, checkpoints, patience)
    elif sources.published:
        found = _finished(files, sources.published, checkpoints, patience)
    else:
        found = "there is no earlier state"
    if isinstance(found, str):
        if sources.insist:
            raise UsageError.one(
                "YZ504",
                where="resume",
                problem=f"cannot go on: {found}",
                fix="leave out --resume to start afresh, or set the keys back to what the state was made for",
            )
        earlier = files.last.is_file() or sources.published
        aside = files.clear()
        if earlier:
            say(f"starting afresh: {found}" + (f"; what was there is kept in {aside}" if aside is not None else ""))
        return None
    _require_same_weights(found.checkpoint, info)
    learner.load(found.checkpoint)
    if not files.last.is_file() or found.spec != info.spec:  # only now: before it, a kill would lose nothing
        checkpoints.save_adopted(found.state)
    say(f"going on from optimizer step {found.state.step}")
    for line in _warnings(found, info, num_processes):
        say(f"warning: {line}: from here on, bits may differ from those of an uninterrupted training")
    return found.state


def _require_same_weights(checkpoint: Checkpoint, info: CheckpointInfo) -> None:
    """Refuse to go on where torchao has come or gone since the training began, and was not required."""
    was, now = (config.get("quantization") for config in (checkpoint.model_config, info.model_config))
    if was == now:
        return
    fix = "or train in a new run; init_from takes the weights over"
    raise InputError.one(
        "YZ476",
        where=checkpoint.source,
        problem=f"was trained beside {_weights(was)}, and here they are {_weights(now)}",
        fix=f"pip install 'yolozu[torchao]', {fix}" if now is None else f"go on where torchao is not installed, {fix}",
    )


def _weights(quantization: str | None) -> str:
    return "whole weights" if quantization is None else f"weights in {quantization}"


def _warnings(found: Saved, info: CheckpointInfo, num_processes: int) -> Iterator[str]:
    """What keeps the training from ending with the bits of an uninterrupted one."""
    before, now = (spec.get("device", {}).get("device") for spec in (found.spec, info.spec))
    if before != now:
        yield f"the state was made on {before}, now it is {now}"
    if found.threads != torch.get_num_threads():
        yield f"the state was made with {found.threads} torch threads, now there are {torch.get_num_threads()}"
    if found.processes != num_processes:
        yield (
            f"the state was made by {found.processes} processes, now there are {num_processes}, and sums have another "
            "order"
        )


def _interrupted(
    files: TrainingFiles, info: CheckpointInfo, sources: ResumeSources, checkpoints: CheckpointWriter, patience: int
) -> Saved | str:
    """The state in ``files``, or why it is of no use."""
    try:
        saved = read_saved(files.last)
    except (InputError, ValueError) as error:
        return f"{files.last.name} is of no use: {error}"
    if saved.state_digest != info.state_digest and saved.state_digest not in sources.earlier_digests:
        return f"{files.last.name} was made for other settings or data: {_difference(saved, info)}"
    if not checkpoints.complete_best(saved.state):
        return f"{files.best.name} is not the one that {files.last.name} was saved with"
    if saved.spec != info.spec:
        saved.state.with_patience(patience)
        checkpoints.adopt(saved, files.best)
    return _with_metrics(files, saved)


def _finished(
    files: TrainingFiles, published: Mapping[str, Path], checkpoints: CheckpointWriter, patience: int
) -> Saved | str:
    """The state of the published training, brought into ``files``; or why it is of no use."""
    try:
        saved = read_saved(published["last"])
    except (InputError, ValueError) as error:
        return f"{published['last']} is of no use: {error}"
    for name in ("train_metrics", "val_metrics"):
        shutil.copyfile(published[name], getattr(files, name))
    saved.state.with_patience(patience)
    if not checkpoints.adopt(saved, published["best"]):
        return f"{published['best']} is not the one that its last.pt was saved with"
    return _with_metrics(files, saved)


def _with_metrics(files: TrainingFiles, saved: Saved) -> Saved | str:
    for path, rows in ((files.train_metrics, saved.state.train_rows), (files.val_metrics, saved.state.val_rows)):
        if not path.is_file() or path.read_bytes().count(b"\n") < rows:
            return f"{path.name} has lost rows that were written before {files.last.name}"
    return saved


def _difference(saved: Saved, info: CheckpointInfo) -> str:
    return "; ".join(change.render() for change in changes(saved.spec, info.spec)) or "the data have changed"
