"""What becomes of a step whose loss or gradient is not finite: it is skipped, or the training stops and says why."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from yolozu.training.batch_sharding import Share, whole_batches_at_first
from yolozu.training.distributed import SINGLE_PROCESS, Group, StoppedByRank0
from yolozu.training.messages import non_finite, skipped
from yolozu.training.non_finite.bundle import Circumstances, bundle_path, finding_of, write_bundle
from yolozu.training.non_finite.recompute import BatchPart, recompute

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from yolozu.data.collate import Batch
    from yolozu.errors import YolozuError
    from yolozu.training.checkpointing import CheckpointInfo
    from yolozu.training.config import TrainingConfig
    from yolozu.training.learner import Learner, StepReport
    from yolozu.training.non_finite.locate import Anomaly
    from yolozu.training.state import TrainingState
    from yolozu.training.teacher import Teaching
    from yolozu.training.timetable import Timetable


@dataclass(frozen=True)
class NonFinitePolicy:
    """Judges steps that the learner has refused to take.

    Attributes:
        config: how the training is done.
        info: what its checkpoints say of themselves.
        image_names: of the training images, by index.
        directory: where bundles are written.
        processes: of the training.
        teaching: who teaches what; None without a teacher.
    """

    config: TrainingConfig
    info: CheckpointInfo
    image_names: Sequence[str]
    directory: Path
    processes: Group = SINGLE_PROCESS
    teaching: Teaching | None = None

    def judge(
        self,
        report: StepReport,
        window: Sequence[Batch],
        state: TrainingState,
        *,
        learner: Learner,
        timetable: Timetable,
    ) -> str:
        """Skip the step, if that is allowed (once more), and tell so.

        Args:
            report: of the step.
            window: its batches.
            state: after the step; counts the skip.
            learner: as it was before the step.
            timetable: of the training.

        Raises:
            UsageError: YZ506, it is not; a bundle of the step is written.
            StoppedByRank0: likewise, in all processes but the first.
        """
        loop = self.config.loop
        names = [self.image_names[index] for index in report.suspects]
        if not loop.stop_on_non_finite_loss and state.skips.in_a_row < loop.non_finite_max_skips:
            state.skips.add(decay=loop.non_finite_lr_decay)
            return skipped(report, state, names, max_skips=loop.non_finite_max_skips)
        parts = self._parts(window, learner, state.step - 1)
        raise self._stopped(report, parts, state, names, learner=learner, timetable=timetable)

    def _parts(self, window: Sequence[Batch], learner: Learner, step: int) -> list[BatchPart]:
        """The window at the first process, in the parts in which its statistics were taken."""

        def shares(window: Sequence[Batch], processes: Group) -> list[Share]:
            return [replace(share, seen=None) for share in learner.shares(window, step, processes)]

        if learner.mixes_processes:
            whole = whole_batches_at_first(window, self.processes)
            return [BatchPart(share, place, 0) for place, share in enumerate(shares(whole, SINGLE_PROCESS))]
        gathered = self.processes.to_first(shares(window, self.processes))
        if gathered is None:
            raise StoppedByRank0
        return [
            BatchPart(share, place, rank)
            for rank, shares in enumerate(gathered)
            for place, share in enumerate(shares)
            if share.batch.indices
        ]

    def _stopped(
        self,
        report: StepReport,
        parts: Sequence[BatchPart],
        state: TrainingState,
        names: list[str],
        *,
        learner: Learner,
        timetable: Timetable,
    ) -> YolozuError:
        path = bundle_path(self.directory, state.step)
        anomaly, remark = _look(learner, parts, state)
        for name in learner.regularizers.members:
            if not math.isfinite(report.losses.get(name, 0.0)):
                remark = f"the penalty {name} is not finite, so lower its factor"
        assert report.non_finite is not None
        circumstances = Circumstances(
            step=state.step,
            total_steps=timetable.total_steps,
            seed=self.config.seed,
            lr_factor=state.skips.lr_factor,
            device=self.config.device,
            threads=torch.get_num_threads(),
            deterministic=torch.are_deterministic_algorithms_enabled(),
        )
        finding = finding_of(report.non_finite, report.losses, report.grad_norm, names, anomaly)
        of_parts = [[self.image_names[index] for index in part.share.batch.indices] for part in parts]
        write_bundle(
            path,
            self.info,
            learner,
            circumstances=circumstances,
            finding=finding,
            parts=parts,
            names=of_parts,
            teaching=self.teaching,
        )
        return non_finite(report, state, timetable, names, cause=remark, bundle=path)


def _look(learner: Learner, parts: Sequence[BatchPart], state: TrainingState) -> tuple[Anomaly | None, str]:
    """The first place that is not finite, and a clause about it."""
    try:
        found = recompute(learner, parts, state.step - 1).anomaly
    except torch.OutOfMemoryError:  # watching holds all activations; the bundle matters more
        return None, "memory does not suffice to look for the place"
    return found, "computed once more, module by module, it is finite" if found is None else found.description
