"""Keep images for later trainings: a replay buffer, chosen from all images of all trainings so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.earlier_runs import REPLAY_BUFFER, left_as_planned
from yolozu.contract.sections.continual import ContinualSection, ReplaySection
from yolozu.contract.sections.train import DeviceSection, SeedSection
from yolozu.stages.base import Stage, StageContext, StageSpec, gives, needs, reads

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from yolozu.artifacts.replay_buffer import BufferedImage
    from yolozu.artifacts.stored_outputs import StoredOutputs
    from yolozu.data.replay import Replayed
    from yolozu.structures.image_record import ImageRecord


class ReplaySpec(StageSpec):
    """How many images, which ones by chance, and which buffer they join."""

    seed: SeedSection
    device: DeviceSection
    continual: ContinualSection
    replay: ReplaySection

    def wanted(self) -> bool:
        """Where a buffer is asked for."""
        return self.replay.replay_images > 0

    def absent_inputs(self) -> Collection[str]:
        """Earlier runs, where the contract goes on from none."""
        return ("earlier",) if self.continual.continual_from is None else ()

    def needs_device(self) -> str:
        """The contract's: the detector looks at the images."""
        return self.device.device


@dataclass(frozen=True)
class ReplayInputs:
    """The images that were trained on, shapes of their objects, the detector, and what is known of earlier runs."""

    train: Path = needs("prepare_data.train")
    models: Path = needs("prepare_data.models")
    best: Path = needs("train.best")
    earlier: Path | None = reads("plan/earlier.json", optional=True)


@dataclass(frozen=True)
class ReplayOutputs:
    """The buffer."""

    buffer: Path = gives(REPLAY_BUFFER)


def run(spec: ReplaySpec, inputs: ReplayInputs, outputs: ReplayOutputs, context: StageContext) -> dict[str, Any]:
    """Choose images, copy them, and store what the detector says of the new ones. Returns how many there are.

    Raises:
        InputError: YZ550 the earlier buffer is damaged, YZ551 it is not the planned one, YZ211 an image has changed.
    """
    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.artifacts.replay_buffer import INDEX, MODELS, ReplayBuffer
    from yolozu.continual.reservoir import let_in
    from yolozu.data.index import DataIndex
    from yolozu.data.replay import joined_classes, joined_models, with_classes
    from yolozu.predict.stored_outputs import outputs_of

    train, models = DataIndex.read(inputs.train, context.moved), ObjectModels.read(inputs.models)
    before, capacity, directory = _earlier(spec, inputs), spec.replay.replay_images, outputs.buffer
    held, seen, task = (0, 0, 0) if before is None else (len(before.index), before.buffer.seen, before.buffer.tasks)
    choice = let_in(held, seen, len(train), capacity=capacity, seed=spec.seed.seed)
    if held < min(seen, capacity):
        context.progress.say(
            f"note: the buffer of {spec.continual.continual_from} holds {held} of {seen} images, and what it let go "
            f"does not come back: this one holds {held}, not {capacity}, so that every image is as likely"
        )
    directory.mkdir(parents=True)
    classes = train.classes if before is None else joined_classes(train.classes, before.index.classes)
    records, rows = [], []
    if before is not None:
        kept = replace(before.index, records=tuple(before.index.records[place] for place in choice.stayed))
        of_kept = with_classes(kept, classes, where=str(before.directory)).records
        rows += _carried(before, choice.stayed, directory)
        records += _copied(of_kept, before.directory, directory, [_number(row) for row in rows])
        models = joined_models(models, before.models, before.index.classes, classes)
    new = [train.records[place] for place in choice.entered]
    copies = _copied(new, train.root, directory, [seen + place for place in choice.entered])
    said = outputs_of(copies, inputs.best, device=spec.device.device, progress=context.progress)
    rows += [_stored(*one, directory, task=task) for one in zip(new, copies, said, strict=True)]
    made = DataIndex(directory, "replay", classes, (*records, *copies), root_base="index")
    made.write(directory / INDEX)
    models.write(directory / MODELS)
    ReplayBuffer(tasks=task + 1, seen=choice.seen, capacity=capacity, images=rows).write(directory)
    return {"images": len(rows), "new": len(new), "seen": choice.seen}


def _earlier(spec: ReplaySpec, inputs: ReplayInputs) -> Replayed | None:
    """The buffer that the training went on from; None in a first task, or after one that left none."""
    from yolozu.data.replay import Replayed

    named = spec.continual.continual_from
    if named is None or inputs.earlier is None:
        return None
    found = left_as_planned(named, REPLAY_BUFFER, inputs.earlier, where="continual_from")
    return None if found is None else Replayed.read(found)


def _copied(records: Sequence[ImageRecord], root: Path, directory: Path, numbers: Sequence[int]) -> list[ImageRecord]:
    from yolozu.data.replay import copied_record

    return [copied_record(record, root, directory, number) for record, number in zip(records, numbers, strict=True)]


def _carried(before: Replayed, places: Sequence[int], directory: Path) -> list[BufferedImage]:
    """What is known of images that stay; their outputs are those from when they were stored."""
    import shutil

    rows = [before.buffer.images[place] for place in places]
    for row in rows:
        target = directory / row.derpp_teacher_npz
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(before.directory / row.derpp_teacher_npz, target)
    return rows


def _number(row: BufferedImage) -> int:
    return int(Path(row.image).stem)


def _stored(
    record: ImageRecord, copy: ImageRecord, said: StoredOutputs, directory: Path, *, task: int
) -> BufferedImage:
    """Keep what the detector says of a new image beside it."""
    from yolozu.artifacts.replay_buffer import BufferedImage
    from yolozu.artifacts.stored_outputs import write_stored_outputs

    path = f"outputs/{Path(copy.image).stem}.npz"
    write_stored_outputs(directory / path, said)
    return BufferedImage(
        image=copy.image,
        name=record.image,
        sha256=said.image_sha256,
        task=task,
        derpp_teacher_npz=path,
        teacher_sha256=said.teacher_sha256,
    )


STAGE = Stage(
    name="replay",
    version=1,
    spec=ReplaySpec,
    inputs=ReplayInputs,
    outputs=ReplayOutputs,
    run=run,
    title="keep images for later",
)
