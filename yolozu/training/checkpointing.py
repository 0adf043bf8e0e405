"""A training's checkpoints, written so that a kill between any two instructions loses nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from yolozu.artifacts.checkpoint import Checkpoint, TrainingRecord, read_checkpoint, write_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.jsonio import atomic_replacement, fsync_dir
from yolozu.artifacts.torch_archive import MALFORMED
from yolozu.continual.base import OF_REGULARIZERS
from yolozu.training.state import TrainingState

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.geometry.rotations import SymmetryTable
    from yolozu.structures.classes import ClassTable
    from yolozu.training.learner import Learner
    from yolozu.training.timetable import Timetable

OPTIMIZER = "optimizer/"
SUPERSEDED = "superseded_best"
"""Tensor with the bytes of the best.pt that a closing validation replaced."""


@dataclass(frozen=True)
class TrainingFiles:
    """Where a training writes.

    Attributes:
        last: resumable checkpoint.
        best: checkpoint of the best validation, without what resuming needs.
        train_metrics: JSONL.
        val_metrics: JSONL.
        pending_best: where a new best.pt waits until last.pt knows it; on the same file system.
        black_boxes: directory for bundles of steps that could not be taken; nothing here ever deletes one.
        aside: directory where an earlier state that is of no use is moved; None deletes it.
    """

    last: Path
    best: Path
    train_metrics: Path
    val_metrics: Path
    pending_best: Path
    black_boxes: Path
    aside: Path | None = None

    def clear(self) -> Path | None:
        """Move all of them aside, and delete what killed writers have left; where to, if anything was there."""
        there = [path for path in (self.last, self.best, self.train_metrics, self.val_metrics) if path.is_file()]
        for path in there:
            if self.aside is None:
                path.unlink()
            else:
                self.aside.mkdir(parents=True, exist_ok=True)
                path.replace(self.aside / path.name)
        self.pending_best.unlink(missing_ok=True)
        self.clear_leftovers()
        return self.aside if there else None

    def clear_leftovers(self) -> None:
        """Delete what killed writers have left beside the checkpoints."""
        for path in (self.last, self.best, self.pending_best):
            for leftover in path.parent.glob(f".{path.name}.*.tmp"):
                leftover.unlink()


@dataclass(frozen=True)
class CheckpointInfo:
    """What every checkpoint of a training says about itself.

    Attributes:
        model_config: the architecture.
        classes: the class table.
        preprocess: how images become network input.
        spec: all that decides the training's result, as JSON values.
        contract_digest: digest of ``spec``.
        state_digest: digest of ``spec`` and the inputs: what a resumable state must have been made for.
        symmetries: of the classes; None in a training without poses. Not saved but in the bundle of a step.
    """

    model_config: dict[str, Any]
    classes: ClassTable
    preprocess: dict[str, Any]
    spec: dict[str, Any]
    contract_digest: str
    state_digest: str
    symmetries: SymmetryTable | None = None


@dataclass(frozen=True)
class Saved:
    """A last.pt, taken apart.

    Attributes:
        checkpoint: weights, average and the learner's record.
        state: where the training stood.
        spec: what it was made for.
        state_digest: likewise, with the inputs.
        threads: torch's threads when it was written.
        processes: those that trained together then.
        superseded: the best.pt that a closing validation replaced, or None.
    """

    checkpoint: Checkpoint
    state: TrainingState
    spec: dict[str, Any]
    state_digest: str
    threads: int
    processes: int
    superseded: bytes | None


def read_saved(path: Path) -> Saved:
    """The training that a last.pt holds.

    Raises:
        InputError: it cannot be read as a checkpoint.
        ValueError: it is a checkpoint without a training's state.
    """
    checkpoint = read_checkpoint(path)
    record = checkpoint.training_state
    if record is None:
        raise ValueError("holds no state to resume from")
    try:
        return _of_record(checkpoint, record)
    except ValueError:
        raise
    except MALFORMED as error:
        raise ValueError(f"holds a state whose parts are missing or wrong ({type(error).__name__}: {error})") from error


def _of_record(checkpoint: Checkpoint, record: TrainingRecord) -> Saved:
    optimizer = {name.removeprefix(OPTIMIZER): tensor for name, tensor in record.tensors.items() if name != SUPERSEDED}
    superseded = record.tensors.get(SUPERSEDED)
    return Saved(
        checkpoint=replace(checkpoint, training_state=TrainingRecord(record.values["learner"], optimizer)),
        state=TrainingState.from_json(record.values["state"]),
        spec=record.values["spec"],
        state_digest=record.values["state_digest"],
        threads=record.values["threads"],
        processes=record.values["processes"],
        superseded=None if superseded is None else superseded.numpy().tobytes(),
    )


class CheckpointWriter:
    """Saves a learner and its state.

    A new best.pt is first written beside its place, then last.pt with its digest, then it is moved to its place;
    `complete_best` repeats that move where a kill has prevented it.
    """

    def __init__(
        self,
        files: TrainingFiles,
        info: CheckpointInfo,
        learner: Learner,
        timetable: Timetable,
        *,
        num_processes: int = 1,
    ) -> None:
        self._files, self._info, self._learner, self._timetable = files, info, learner, timetable
        self._num_processes = num_processes
        self._superseded: bytes | None = None

    def save(self, state: TrainingState) -> None:
        """Write last.pt."""
        learned = self._learner.record()
        tensors = {
            name if name.startswith(OF_REGULARIZERS) else f"{OPTIMIZER}{name}": tensor
            for name, tensor in learned.tensors.items()
        }
        if self._superseded is not None:
            tensors[SUPERSEDED] = torch.from_numpy(np.frombuffer(self._superseded, dtype=np.uint8).copy())
        values = {
            "spec": self._info.spec,
            "state_digest": self._info.state_digest,
            "threads": torch.get_num_threads(),
            "processes": self._num_processes,
            "state": state.to_json(),
            "learner": learned.values,
        }
        write_checkpoint(self._files.last, self._checkpoint(state, TrainingRecord(values, tensors)))

    def save_with_best(self, state: TrainingState) -> None:
        """Write last.pt, and the same weights as best.pt; ``state`` learns its digest."""
        files = self._files
        if state.before_end is not None and files.best.is_file():
            self._superseded = files.best.read_bytes()
        write_checkpoint(files.pending_best, self._checkpoint(state, None))
        state.verdicts.best_digest = digest_file(files.pending_best)
        self.save(state)
        self._move_best()

    def complete_best(self, state: TrainingState) -> bool:
        """Whether best.pt is the one ``state`` knows, after a move that a kill has prevented is made up for."""
        files, wanted = self._files, state.verdicts.best_digest
        if wanted is None:
            files.best.unlink(missing_ok=True)  # killed while a closing validation was forgotten
            return True
        if files.pending_best.is_file() and digest_file(files.pending_best) == wanted:
            self._move_best()
        return files.best.is_file() and digest_file(files.best) == wanted

    def adopt(self, saved: Saved, best: Path) -> bool:
        """Make the state of an earlier spec this one's; the learner is to have its weights.

        All checkpoints are stamped anew with this training's contract, of which they are a part from now on, and a
        closing validation is forgotten where this training would not have had it. The state still has to be saved
        (`save_adopted`): until then, the next try finds everything as it was.

        Args:
            saved: the earlier state.
            best: its best.pt, if it has one.

        Returns:
            Whether it could: the best.pt must be the one that the state knows.
        """
        state = saved.state
        judged = [state.verdicts, *([] if state.before_end is None else [state.before_end.verdicts])]
        contents = [best.read_bytes()] if best.is_file() else []
        contents += [] if saved.superseded is None else [saved.superseded]
        known = {hashlib.sha256(content).hexdigest(): content for content in contents}
        if any(verdicts.best_digest not in (None, *known) for verdicts in judged):
            return False
        wanted = {verdicts.best_digest for verdicts in judged if verdicts.best_digest is not None}
        stamped = {digest: self._stamped(known[digest]) for digest in wanted}
        renewed = {hashlib.sha256(content).hexdigest(): content for content in stamped.values()}
        for verdicts in judged:
            if verdicts.best_digest is not None:
                verdicts.best_digest = hashlib.sha256(stamped[verdicts.best_digest]).hexdigest()
        if state.step < self._timetable.total_steps and not state.verdicts.stopped_early:
            state.forget_end()
        if state.verdicts.best_digest is not None:
            with atomic_replacement(self._files.pending_best) as aside:
                aside.write_bytes(renewed[state.verdicts.best_digest])
        if state.before_end is not None and state.before_end.verdicts.best_digest not in (
            None,
            state.verdicts.best_digest,
        ):
            self._superseded = renewed[state.before_end.verdicts.best_digest]
        return True

    def save_adopted(self, state: TrainingState) -> None:
        """Write what `adopt` has prepared."""
        self.save(state)
        self.complete_best(state)

    def _stamped(self, content: bytes) -> bytes:
        with atomic_replacement(self._files.pending_best.with_suffix(".stamped")) as aside:
            aside.write_bytes(content)
            write_checkpoint(aside, replace(read_checkpoint(aside), contract_digest=self._info.contract_digest))
            stamped = aside.read_bytes()
        self._files.pending_best.with_suffix(".stamped").unlink()
        return stamped

    def _move_best(self) -> None:
        self._files.pending_best.replace(self._files.best)
        fsync_dir(self._files.best.parent)

    def _checkpoint(self, state: TrainingState, record: TrainingRecord | None) -> Checkpoint:
        weights, average = self._learner.weights()
        return Checkpoint(
            model_config=self._info.model_config,
            classes=self._info.classes,
            preprocess=self._info.preprocess,
            weights=weights,
            ema=average,
            eval_weights=self._learner.eval_weights,
            contract_digest=self._info.contract_digest,
            step=state.step,
            epoch=self._timetable.epochs_done(state.step),
            metrics=state.verdicts.metrics if state.verdicts.validated_step == state.step else {},
            training_state=record,
        )
