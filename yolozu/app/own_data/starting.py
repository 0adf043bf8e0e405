"""A contract for data of one's own, from the data to the files that are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.app.data_split import USUAL_SHARE, DataSplit, SplitOptions, planned_split
from yolozu.app.datasets import surveyed_splits
from yolozu.app.own_data.contract_text import DataKeys, contract_text
from yolozu.app.own_data.facts import DataFacts, facts_of
from yolozu.app.own_data.settings import Settings, settings_for
from yolozu.app.starting_files import CONTRACT
from yolozu.contract.sections.data import SYNTHETIC
from yolozu.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yolozu.artifacts.published_weights import PublishedWeights
    from yolozu.data.checking.check import CheckedData
    from yolozu.data.layouts.layout import Layout
    from yolozu.data.survey import Survey, SurveyedImage
    from yolozu.progress import Progress

TRAIN, VAL = "train", "val"

LABELS = {
    "yolo": "with label files",
    "ultralytics": "with label files, as a data.yaml describes them",
    "coco": "in a COCO file",
    "bop": "in BOP scenes",
    "voc": "with XML files of Pascal VOC",
    "cvat": "in a file of CVAT",
    "label_studio": "in a file of Label Studio",
}
"""Format of labels -> what is said of the pictures."""

HOW_TO_LABEL = (
    "draw boxes with labelImg, Label Studio, CVAT or Roboflow (all free), save or export them as YOLO into this folder "
    "and give this command again; docs/how-to/own-photos.md shows how"
)


@dataclass(frozen=True)
class OwnData:
    """What was found, and the contract for it.

    Attributes:
        keys: what the contract says of the data.
        facts: counts and sizes.
        settings: what follows from them.
        checked: the data with findings.
        made: pictures that are held out now, where none were.
        files: path -> text of all that describes the data, the contract last.
    """

    keys: DataKeys
    facts: DataFacts
    settings: Settings
    checked: CheckedData
    made: DataSplit | None
    files: Mapping[Path, str]


def own_data(data: Path, layout: Layout | None, progress: Progress, weights: PublishedWeights | None = None) -> OwnData:
    """The contract for a data set, and lists of held-out pictures where it has none. Nothing is written yet.

    Args:
        data: as the contract names it: a directory or a file.
        layout: of it; None where its pictures have no labels.
        progress: where the reading is shown.
        weights: published ones to start from; None begins with random ones.

    Raises:
        InputError: YZ258 the pictures have no labels, YZ259 which split is trained on cannot be told, or the data
            cannot be understood.
        GateFailed: its labels hold no object, as the findings say.
    """
    from yolozu.devices import cuda_devices
    from yolozu.system import available_cores

    if layout is None:
        raise _unlabeled(data)
    train, val = _used_splits(data, layout)
    made = None if val is not None else planned_split(data, SplitOptions({VAL: USUAL_SHARE}, split=train), progress)
    surveyed = surveyed_splits(layout, [train, str(val)], progress) if made is None else made.survey
    checked = _checked(surveyed, train)
    trained_on, held_out = _images(surveyed) if made is None else [made.images_of(part) for part in (TRAIN, VAL)]
    facts = facts_of(trained_on, held_out)
    if not facts.num_objects:
        raise _unlabeled(data) if checked.clean else checked.refusal(f"yolozu data check {data} lists them all")
    count = sum(len(split.images) for split in surveyed.splits)
    keys = DataKeys(
        dataset_root=_root(data if made is None else made.dataset_root),
        split=train if made is None else TRAIN,
        val_split=VAL if val is None else val,
        classes=surveyed.classes.names,
        described=f"{data}, {count} pictures {LABELS[layout.splits[train].label_format]}",
        num_flawed=sum(finding.severity == "error" for finding in checked.findings()),
    )
    settings = settings_for(facts, device="cuda" if cuda_devices() else "cpu", cores=available_cores(), weights=weights)
    described = {} if made is None else made.files
    return OwnData(keys, facts, settings, checked, made, {**described, CONTRACT: contract_text(keys, facts, settings)})


def _root(path: Path) -> str:
    """``path`` as a contract names it, which knows a word that is no path."""
    return f"./{path}" if str(path) == SYNTHETIC else path.as_posix()


def _used_splits(data: Path, layout: Layout) -> tuple[str, str | None]:
    """The split that is trained on, and the one that is held out, where one is there."""
    there = [name for name in layout.separate_splits if layout.splits[name].missing is None]
    if len(there) == 1:
        return there[0], None
    train, val = layout.meant(TRAIN), layout.meant(VAL)
    if train is None or train not in there:
        problem = f"which of its splits is trained on cannot be told: {', '.join(layout.splits)}"
        fix = (
            "give yolozu init a new directory, and set dataset_root, split and val_split in the exp.yaml that it writes"
        )
        raise InputError.one("YZ259", where=str(data), problem=problem, fix=fix)
    return train, val if val in there else None


def _checked(surveyed: Survey, train: str) -> CheckedData:
    from yolozu.data.checking.check import check

    names = frozenset(split.name for split in surveyed.splits)
    return check(replace(surveyed, training=frozenset({train}), validation=names - {train}))


def _images(surveyed: Survey) -> list[Sequence[SurveyedImage]]:
    return [split.images for split in surveyed.splits]


def _unlabeled(data: Path) -> Exception:
    return InputError.one("YZ258", where=str(data), problem="holds pictures, and no labels", fix=HOW_TO_LABEL)
