"""What an evaluation measures on, and how: one value with a digest, the same on every machine."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, JsonValue
from ruamel.yaml import YAML

from yolozu.artifacts.digest import digest_of
from yolozu.artifacts.jsonio import canonical, write_text
from yolozu.artifacts.meshes import ObjectModel, ObjectModels
from yolozu.artifacts.prediction_formats import BoxFormat
from yolozu.artifacts.record import Record
from yolozu.contract.base import Form
from yolozu.contract.sections.evaluate import EvalEngine
from yolozu.contract.sections.predict import PredictSection
from yolozu.contract.strict.read_strict import read_strict
from yolozu.data.index import DataIndex
from yolozu.errors import Finding
from yolozu.structures.image_record import ImageRecord

DECIMALS = 9
"""Of poses and models, metres: what is behind them differs between machines."""
ABSENT = "absent"
LINE_WIDTH = 120
"""Of a protocol file: digests stay in a line."""


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$"), Form("a SHA-256 in 64 digits of hex")]


class ProtocolData(Record):
    """What is measured on."""

    split: str
    """Name of the split."""

    max_images: int | None = Field(default=None, ge=1)
    """Only the first so many images, in order of path; null means all."""

    images: int = Field(ge=0)
    """How many that are."""

    content: Sha256
    """SHA-256 over these images, in order: pixels, boxes, crowd regions, areas, cameras, poses. No paths."""

    classes: dict[str, str]
    """Category id -> name."""


class ProtocolBoxes(Record):
    """How boxes are measured."""

    metrics: Literal["coco"] = "coco"
    """The twelve numbers of pycocotools."""

    definitions: Literal[1] = 1
    """Version of their definitions here."""

    engine: EvalEngine = "hotcoco"
    """What computes them."""

    bbox_format: BoxFormat | None = None
    """How every file writes boxes; null leaves that to the files."""


class ProtocolPoses(Record):
    """How poses are measured."""

    definitions: Literal[1] = 1
    """Version of the definitions of the pose metrics here."""

    models: Sha256
    """SHA-256 over the objects' models: points, diameters, symmetries."""


class EvalProtocol(Record):
    """A protocol: equal protocols have equal digests, and numbers measured under one can be compared."""

    schema_version: Literal[1] = 1
    """Version of this layout."""

    data: ProtocolData
    """What is measured on."""

    boxes: ProtocolBoxes
    """How boxes are measured."""

    poses: ProtocolPoses | None
    """How poses are measured; null: they are not."""

    coverage: Literal["all", "any"]
    """Whether every image must have an entry, or images without one count as images where nothing was found."""

    predictions: dict[str, JsonValue]
    """What the meta of every predictions file must say, where it says anything about it; null: nothing, or null."""

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the canonical JSON."""
        return digest_of(self.model_dump(mode="json"))


def default_pins() -> dict[str, JsonValue]:
    """What predictions files must say of themselves where nothing else is asked for: the contract's defaults."""
    section = PredictSection()
    return {
        "max_detections": section.max_detections,
        "score_threshold": section.score_threshold,
        "transform": None,  # of untouched pictures
    }


def protocol_data(index: DataIndex, *, max_images: int | None) -> ProtocolData:
    """What is measured on when the first ``max_images`` images of ``index`` are."""
    records = index.records if max_images is None else index.records[:max_images]
    table = zip(index.classes.category_ids, index.classes.names, strict=True)
    return ProtocolData(
        split=index.split,
        max_images=max_images,
        images=len(records),
        content=truth_digest(records, index.classes.category_ids),
        classes={str(category): name for category, name in sorted(table)},
    )


def truth_digest(records: Sequence[ImageRecord], category_ids: Sequence[int]) -> str:
    """SHA-256 (hex) over images and labels, in order.

    Args:
        records: the images.
        category_ids: by network class index.
    """
    return digest_of([_truth(record, category_ids) for record in records])


def models_digest(models: ObjectModels, category_ids: Sequence[int]) -> str:
    """SHA-256 (hex) over points, diameters and symmetries of all models, by category id."""
    rows = {str(category_ids[index]): _model(model) for index, model in models.by_class.items()}
    return digest_of(rows)


def mismatches(pinned: EvalProtocol, found: EvalProtocol, *, where: str, fix: str) -> list[Finding]:
    """A finding (code YZ841) for each key that differs; ``pinned -> found``."""
    flat = [dict(_flat(protocol.model_dump(mode="json"), ())) for protocol in (pinned, found)]
    return [
        Finding("YZ841", f"{where}: {key}", f"{flat[0].get(key, ABSENT)} -> {flat[1].get(key, ABSENT)}", fix)
        for key in sorted({*flat[0], *flat[1]})
        if flat[0].get(key) != flat[1].get(key)
    ]


def write_protocol(path: Path, protocol: EvalProtocol) -> None:
    """Replace the YAML file at ``path``."""
    text, yaml = io.StringIO(f"# sha256 {protocol.sha256}\n"), YAML()
    text.seek(0, io.SEEK_END)
    yaml.width = LINE_WIDTH
    yaml.dump(protocol.model_dump(mode="json"), text)
    write_text(path, text.getvalue())


def read_protocol(path: Path) -> EvalProtocol:
    """The protocol in a YAML or JSON file.

    Raises:
        InputError: YZ840, one finding for each thing that is wrong, by line.
    """
    fix = "write one with: yolozu eval-suite … --write-protocol FILE"
    return read_strict(path, EvalProtocol, code="YZ840", fix=fix)


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Dotted key -> canonical JSON, of every value that is no map with entries."""
    if isinstance(value, dict) and value:
        for key, entry in value.items():
            yield from _flat(entry, (*path, key))
    else:
        yield ".".join(path), canonical(value)


def _truth(record: ImageRecord, category_ids: Sequence[int]) -> dict[str, Any]:
    poses = record.poses
    return {
        "sha256": record.sha256,
        "size": [record.width, record.height],
        "categories": [category_ids[index] for index in record.class_indices.tolist()],
        "boxes": record.boxes_cxcywh.tolist(),
        "crowd": record.is_crowd.tolist(),
        "areas_px": record.areas_px.tolist(),
        "poses": None
        if poses is None
        else {
            "K": _rounded(poses.K_4 if poses.K_true_4 is None else poses.K_true_4),
            "R": _rounded(poses.R_m2c_N33),
            "t": _rounded(poses.t_m2c_N3),
            "known": poses.has_pose_N.tolist(),
        },
    }


def _model(model: ObjectModel) -> Mapping[str, Any]:
    symmetries = model.symmetries
    more = {"more_axes": _rounded(symmetries.more_axes_A23)} if len(symmetries.more_axes_A23) else {}
    return {
        **more,
        "points": _rounded(model.points_V3),
        "diameter": None if model.diameter is None else round(model.diameter, DECIMALS),
        "rotations": _rounded(symmetries.rotations_S33),
        "translations": _rounded(symmetries.translations_S3),
        "axis": _rounded(symmetries.axis_3),
        "offset": _rounded(symmetries.offset_3),
    }


def _rounded(numbers: np.ndarray[Any, Any] | None) -> Any:
    """The numbers as JSON, zeros without a sign."""
    return None if numbers is None else (np.round(numbers, DECIMALS) + 0.0).tolist()
