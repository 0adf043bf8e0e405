"""Look at the data once: labels and images in, findings and one index per split out. Renders synthetic data first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.contract.sections.data import SYNTHETIC, DatasetSection, SynthSection
from yolozu.errors import Finding, InputError
from yolozu.progress import StoppableProgress
from yolozu.stages.base import Stage, StageContext, StageSpec, gives, reads

if TYPE_CHECKING:
    from yolozu.data.checking.check import CheckedData
    from yolozu.data.index import DataIndex
    from yolozu.data.moved import Moved
    from yolozu.progress import Progress

REPORT = "reports/data_check.json of this run lists them all"


class PrepareDataSpec(StageSpec):
    """Which data is used."""

    dataset: DatasetSection
    synth: SynthSection


@dataclass(frozen=True)
class PrepareDataInputs:
    """The data set as one digest."""

    fingerprint: Path = reads("plan/dataset.json")


@dataclass(frozen=True)
class PrepareDataOutputs:
    """An index for each use of the data, the objects' shapes, what was found wrong, and rendered scenes."""

    train: Path = gives("data/train.json")
    val: Path = gives("data/val.json")
    predict: Path = gives("data/predict.json")
    models: Path = gives("data/models.json")
    check: Path = gives("reports/data_check.json")
    rendered: Path = gives("data/rendered", optional=True)


def run(
    spec: PrepareDataSpec,
    inputs: PrepareDataInputs,
    outputs: PrepareDataOutputs,
    context: StageContext,
) -> dict[str, Any]:
    """Index the data. Returns counts.

    Raises:
        GateFailed: there are findings and the policy is `fail`; only the report is written.
        InputError: there is no such data, none of it is left, or a class that a key names is not there; YZ791 the data
            were changed since they were planned with.
    """
    from yolozu.artifacts.jsonio import pretty, write_text

    progress = StoppableProgress(context.progress, context.stopping, "prepare_data")
    if spec.dataset.dataset_root == SYNTHETIC:
        _render(spec.synth, outputs.rendered, progress)
    checked = _checked(spec, outputs, progress, context.moved)
    _require_as_planned(inputs.fingerprint, spec.dataset, context.moved)
    _require_labels(spec.dataset, checked)
    policy = spec.dataset.check_data
    write_text(outputs.check, pretty(checked.report(policy, dataset_root=spec.dataset.dataset_root)))
    for note in checked.survey.notes:
        context.progress.say(f"prepare_data: {note}")
    if policy == "fail" and not checked.clean:
        raise checked.refusal(REPORT)
    if checked.violations:
        done = "warnings" if checked.clean and policy != "drop" else f"check_data is {policy}"
        context.progress.say(f"prepare_data: {done}: {checked.summary()}")
    for finding in checked.loud:
        context.progress.say(f"prepare_data: warning: {finding.where}: {finding.problem}; {finding.fix}")
    train, val, predict = indices = _indices(spec, checked)
    _require_objects(train, spec)
    if not checked.loud and not val.has_objects:
        context.progress.say(f"prepare_data: warning: no object is left in the {len(val)} images of {val.split!r}")
    for index, path in zip(indices, (outputs.train, outputs.val, outputs.predict), strict=True):
        known_root = index.root if context.moved is None else context.moved.as_known(index.root)
        replace(index, root=known_root).write(path)
    checked.survey.models.write(outputs.models)
    return {
        "classes": len(train.classes),
        "train_images": len(train),
        "train_instances": train.num_instances,
        "train_poses": train.num_poses,
        "val_images": len(val),
        "val_instances": val.num_instances,
        "val_poses": val.num_poses,
        "predict_images": len(predict),
        "models": checked.num_models,
        "findings": len(checked.violations),
    }


def _render(synth: SynthSection, root: Path, progress: Progress) -> None:
    from yolozu.data.synth.writer import SynthPlan, write_scenes

    plan = SynthPlan(
        images=synth.synth_images,
        val_images=synth.synth_val_images,
        size=synth.synth_size,
        max_objects=synth.synth_max_objects,
        seed=synth.synth_seed,
        table=synth.synth_table,
    )
    write_scenes(root, plan, progress)


def _checked(
    spec: PrepareDataSpec, outputs: PrepareDataOutputs, progress: Progress, moved: Moved | None
) -> CheckedData:
    from yolozu.artifacts.digest import DigestCache
    from yolozu.data.checking.check import check
    from yolozu.data.chosen_classes import with_chosen_classes
    from yolozu.data.layouts.layout import find_layout
    from yolozu.data.readers.meshes import with_stated_symmetries
    from yolozu.data.survey import survey
    from yolozu.paths import digest_cache_path

    root = _root(spec.dataset, moved)
    layout = find_layout(outputs.rendered if root == SYNTHETIC else Path(root))
    with DigestCache(digest_cache_path()) as cache:
        surveyed = survey(layout, spec.dataset.used_splits, cache, progress)
    left_out, section = surveyed.classes.names, spec.dataset
    surveyed = with_chosen_classes(surveyed, section.class_names, section.labeled_classes)
    names = surveyed.classes.names
    stated = {name: text for name, text in section.symmetries.items() if name in names or name not in left_out}
    models = with_stated_symmetries(surveyed.models, stated, surveyed.classes, where="symmetries")
    training = frozenset({spec.dataset.split})
    validation = frozenset({spec.dataset.val_split}) - training
    return check(replace(surveyed, models=models, training=training, validation=validation))


def _root(section: DatasetSection, moved: Moved | None) -> str:
    return section.dataset_root if moved is None else moved.now


def _require_as_planned(planned: Path, section: DatasetSection, moved: Moved | None) -> None:
    """Refuse files that are others, now that they have been read, than those whose digest the receipt will name.

    The digest is of the plan, which is made before the stage begins.
    """
    from yolozu.artifacts.digest import DigestCache, shown_digest
    from yolozu.artifacts.jsonio import read_json
    from yolozu.data.fingerprint import fingerprint
    from yolozu.paths import digest_cache_path

    root = _root(section, moved)
    with DigestCache(digest_cache_path()) as cache:
        now = fingerprint(root, section.used_splits, cache)["digest"]
    known = read_json(planned, code="YZ312", fix="build the run again: the planner writes this file")["digest"]
    if now != known:
        digests = f"their sha256 was {shown_digest(known)} and is {shown_digest(now)}"
        raise InputError.one(
            "YZ791",
            where=root,
            problem=f"its files changed while they were read, so the result is not used: {digests}",
            fix="run the same command again, and let nothing write into the data set meanwhile",
        )


def _require_labels(section: DatasetSection, checked: CheckedData) -> None:
    """Refuse to train, or to choose the best weights, on a mere list of images."""
    asked = {"split": section.split, "val_split": section.val_split}
    names = {key: checked.survey.layout.split(name) for key, name in asked.items()}
    bare = {split.name for split in checked.survey.splits if not split.labeled}
    findings = [
        Finding(
            "YZ291",
            f"{key}: {asked[key]}",
            f"{split.labels} has no annotations: its images can be predicted, and not be trained or validated on",
            "name a split with annotations, and this one as predict_split",
        )
        for key, split in names.items()
        if split.name in bare
    ]
    if findings:
        raise InputError(findings)


def _indices(spec: PrepareDataSpec, checked: CheckedData) -> tuple[DataIndex, DataIndex, DataIndex]:
    """What is trained on, what chooses the best weights, and what is predicted."""
    section = spec.dataset
    return (
        _index(spec, checked, section.split, section.train_max_images),
        _index(spec, checked, section.val_split, section.val_max_images),
        _index(spec, checked, section.predicted_split, None, evaluated=True),
    )


def _require_objects(train: DataIndex, spec: PrepareDataSpec) -> None:
    if not train.has_objects:
        most = spec.dataset.train_max_images
        first = "" if most is None else f"first {len(train)} "
        raise InputError.one(
            "YZ282",
            where=f"split {train.split}",
            problem=f"nothing to learn: none of its {first}images has an object that can be used",
            fix=REPORT,
        )


def _index(
    spec: PrepareDataSpec, checked: CheckedData, name: str, most: int | None, *, evaluated: bool = False
) -> DataIndex:
    from yolozu.data.survey import index_of

    known_as = checked.survey.layout.split(name).name
    split = next(split for split in checked.survey.splits if split.name == known_as)
    images = checked.usable(split, spec.dataset.check_data, evaluated=evaluated)[:most]
    if not images:
        raise InputError.one(
            "YZ212",
            where=f"split {name}",
            problem=f"none of its {len(split.images)} images can be used",
            fix=REPORT,
        )
    rendered, labeled = spec.dataset.dataset_root == SYNTHETIC, spec.dataset.labeled_classes
    index = index_of(checked.survey, split, images, root_base="index" if rendered else "cwd", numbered=evaluated)
    if labeled is None:
        return index
    numbers = tuple(place for place, name in enumerate(index.classes.names) if name in labeled)
    return replace(index, records=tuple(replace(record, labeled_classes=numbers) for record in index.records))


STAGE = Stage(
    name="prepare_data",
    version=2,
    spec=PrepareDataSpec,
    inputs=PrepareDataInputs,
    outputs=PrepareDataOutputs,
    run=run,
    title="look at the data",
    names_places=True,
)
