"""Which files are spoiled, and what then reads them."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import torch
from typer.main import get_command

from tests.data.builders import bop_box, bop_row, write_bop, write_coco
from tests.data.readers.exports import RESULT, write_cvat, write_label_studio, write_voc
from tests.data.tars import pack_split
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.onnx_metadata import PREFIX, OnnxMetadata
from yolozu.artifacts.predictions.columns_file import part_of, write_columns
from yolozu.artifacts.predictions.load import load_predictions
from yolozu.artifacts.predictions.read_columns import read_columns
from yolozu.artifacts.torch_archive import write_archive
from yolozu.cli import app
from yolozu.contract.sections.run import Contract
from yolozu.contract.strict.scenario_file import load_setting
from yolozu.contract.strict.sequence_file import read_sequence
from yolozu.contract.strict.sweep_file import read_sweep
from yolozu.data.index import DataIndex
from yolozu.engine.requests import read_operations, read_request
from yolozu.errors import EXIT_DONE, YolozuError
from yolozu.model.weights.container import open_weights
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.stages.registry import STAGES
from yolozu.training.checkpointing import read_saved

if TYPE_CHECKING:
    from collections.abc import Callable

RELEASE = Path(__file__).parents[1] / "fixtures/release_0_1_0"
RUN, SCENES = "runs/finished", "runs/finished/data/rendered"
OUT = "out"
"""Directory that commands write into; emptied before each."""


class Target(NamedTuple):
    """A file of the project, and what reads it.

    Attributes:
        path: the file, in the project.
        commands: command lines, and functions of the file's path that read it.
    """

    path: str
    commands: tuple[str | Callable[[Path], object], ...]

    @property
    def is_json(self) -> bool:
        return self.path.endswith((".json", ".jsonl"))


CHECK_SCENES = f"data check {SCENES}"
RUN_COMMANDS = ("status run_id=finished", "why run_id=finished", "verify run_id=finished")
RUN_RECORDS = (
    *("why run_id=finished --json", "status run_id=finished --json", "compare-runs finished interrupted"),
    *("compare-runs finished interrupted --json", f"trace {RUN}/exports/model.onnx", "gc", "graph run_id=finished"),
    *(f"trace {RUN}/checkpoints/best.pt --json", "gc --json"),
)
SHAPES = (
    '<box label="dog" xtl="16" ytl="18" xbr="48" ybr="30" rotation="30"/>',
    '<polygon label="cat" points="16,18;48,20;30,30"/>',
    '<mask label="dog" rle="1" left="16" top="18" width="32" height="12"/>',
    '<ellipse label="dog" cx="32" cy="24" rx="16" ry="6"/>',
)
"""Of a picture in CVAT's format, of each kind one."""
POLYGON = {
    **RESULT,
    "type": "polygonlabels",
    "value": {"points": [[25, 37.5], [75, 40], [30, 62.5]], "polygonlabels": ["dog"]},
}
SPOILED = Path("files/spoiled.pt")
"""A checkpoint with the header that a target spoils."""


def with_header(of: str) -> Callable[[Path], None]:
    """What makes `SPOILED` of a checkpoint and the file with its header: all checksums are right."""

    def write(header: Path) -> None:
        payload = torch.load(of, weights_only=True)
        write_archive(SPOILED, {**payload, "header": header.read_bytes().decode(errors="replace")})

    return write


def read_spoiled(_: Path) -> None:
    """As `training/resume.py` does, which then begins anew and says why."""
    with suppress(ValueError):
        read_saved(SPOILED)


def read_properties(path: Path) -> None:
    """What an ONNX file says of itself, key by key, where the file's digest fits."""
    try:
        value = json.loads(path.read_bytes())
        texts = {key: json.dumps(entry) for key, entry in value.items()}
    except (ValueError, AttributeError, RecursionError):
        texts = {"classes": path.read_bytes().decode(errors="replace")}
    OnnxMetadata.from_properties({f"{PREFIX}{key}": text for key, text in texts.items()}, where=str(path))


TARGETS = {
    "contract": Target(
        "exp.yaml", ("contract validate exp.yaml", "contract show exp.yaml", "contract migrate exp.yaml")
    ),
    "JSON contract": Target("exp.json", ("contract validate exp.json", "contract migrate exp.json")),
    "scenario setting": Target("files/setting.yaml", (load_setting,)),
    "sweep": Target("files/sweep.yaml", (read_sweep,)),
    "sweep that draws": Target("files/drawn.yaml", (read_sweep,)),
    "sweep that searches": Target("files/search.yaml", (read_sweep,)),
    "tasks": Target("files/tasks.yaml", (read_sequence,)),
    "contract with poses": Target(
        "scenes.yaml",
        ("contract validate scenes.yaml --json", "contract diff scenes.yaml exp.yaml", "plan scenes.yaml"),
    ),
    "protocol": Target(
        "files/protocol.yaml",
        (f"eval-suite {RUN}/predictions/predictions.json --dataset {SCENES} --protocol files/protocol.yaml --dry-run",),
    ),
    "labels": Target("parts/labels/train/0.txt", ("data check parts",)),
    "classes": Target("parts/classes.txt", ("data check parts",)),
    "picture": Target("parts/images/train/0.jpg", ("data check parts",)),
    "data.yaml": Target("described/data.yaml", ("data check described/data.yaml",)),
    "sidecar": Target(f"{SCENES}/labels/train/000000.json", (CHECK_SCENES,)),
    "descriptor": Target(f"{SCENES}/dataset.json", (CHECK_SCENES,)),
    "mask": Target(f"{SCENES}/masks/train/000000.png", (CHECK_SCENES,)),
    "COCO": Target("coco/instances.json", ("data check coco",)),
    "COCO descriptor": Target("coco/dataset.json", ("data check coco",)),
    "BOP objects": Target("bop/train/000001/scene_gt.json", ("data check bop",)),
    "BOP info": Target("bop/train/000001/scene_gt_info.json", ("data check bop",)),
    "BOP cameras": Target("bop/train/000001/scene_camera.json", ("data check bop",)),
    "BOP models": Target("bop/models/models_info.json", ("data check bop",)),
    "mesh": Target("bop/models/obj_000007.ply", ("data check bop",)),
    "polygons": Target("described/labels/train/1.txt", ("data check described/data.yaml",)),
    "VOC": Target("voc/Annotations/a.xml", ("data check voc",)),
    "CVAT": Target("cvat/annotations.xml", ("data check cvat",)),
    "Label Studio": Target("studio/project.json", ("data check studio --json",)),
    "tar": Target("packed/images/train/train-000000.tar", ("data check packed",)),
    "index": Target(f"{RUN}/data/val.json", (DataIndex.read,)),
    "predictions": Target(
        f"{RUN}/predictions/predictions.json",
        (
            f"validate predictions {RUN}/predictions/predictions.json",
            f"eval-coco --dataset {SCENES} --predictions {RUN}/predictions/predictions.json",
            f"convert-predictions {RUN}/predictions/predictions.json --to coco --dataset {SCENES} --output out/c.json",
        ),
    ),
    "list of predictions": Target("files/list.json", ("validate predictions files/list.json",)),
    "map of predictions": Target(
        "files/map.json",
        ("validate predictions files/map.json", "convert-predictions files/map.json --to list --output out/list.json"),
    ),
    "columns": Target("files/short.npz", (lambda path: read_columns(path.with_suffix(".json")),)),
    "COCO results": Target(
        "files/coco_results.json",
        (f"convert-predictions files/coco_results.json --to wrapped --dataset {SCENES} --output out/p.json",),
    ),
    "BOP results": Target(
        f"{RUN}/predictions/bop.csv", (f"eval-pose --dataset {SCENES} --predictions {RUN}/predictions/bop.csv",)
    ),
    "metrics": Target(
        f"{RUN}/reports/train_metrics.jsonl",
        (f"plot-metrics --jsonl {RUN}/reports/train_metrics.jsonl --out out/curves.svg",),
    ),
    "run meta": Target(f"{RUN}/reports/run_meta.json", (f"validate run-meta {RUN}/reports/run_meta.json",)),
    "parity report": Target(f"{RUN}/reports/onnx_parity.json", (f"validate parity {RUN}/reports/onnx_parity.json",)),
    "box report": Target(f"{RUN}/reports/eval_coco.json", ("report finished --output out/page.html",)),
    "scenario report": Target(f"{RUN}/reports/scenarios.json", ("report finished --output out/page.html",)),
    "checkpoint": Target(f"{RUN}/checkpoints/best.pt", (f"model info {RUN}/checkpoints/best.pt", open_weights)),
    "state of training": Target(f"{RUN}/checkpoints/last.pt", (read_saved,)),
    "header of a checkpoint": Target(
        "files/best.json",
        (
            with_header(f"{RUN}/checkpoints/best.pt"),
            f"model info {SPOILED}",
            f"predict parts/images/val/0.jpg --checkpoint {SPOILED}",
            lambda _: open_weights(SPOILED),
            f"trace {SPOILED}",
        ),
    ),
    "header of a training": Target(
        "files/last.json", (with_header(f"{RUN}/checkpoints/last.pt"), read_spoiled, f"trace {SPOILED} --json")
    ),
    "ONNX": Target(
        f"{RUN}/exports/model.onnx",
        (f"predict parts/images/val/0.jpg --onnx {RUN}/exports/model.onnx --output out/p.json",),
    ),
    "ONNX of others": Target("files/other.onnx", ("predict parts/images/val/0.jpg --onnx files/other.onnx",)),
    "ONNX properties": Target("files/properties.json", (read_properties,)),
    "ONNX metadata": Target(
        f"{RUN}/exports/model.onnx.meta.json",
        (f"predict parts/images/val/0.jpg --onnx {RUN}/exports/model.onnx --output out/p.json",),
    ),
    "request of today": Target("files/request.json", (read_request,)),
    "request": Target(f"{RUN}/plan/train.json", (read_request, *RUN_COMMANDS)),
    "records of a receipt": Target(f"{RUN}/receipts/export_onnx.json", RUN_RECORDS),
    "records of a request": Target(f"{RUN}/plan/export_onnx.json", RUN_RECORDS),
    "records of the data": Target(
        f"{RUN}/data/train.json", ("compare-runs finished interrupted", "why run_id=finished")
    ),
    "operations": Target(f"{RUN}/plan/operations.json", (read_operations, *RUN_COMMANDS)),
    "overrides": Target(f"{RUN}/plan/overrides.json", RUN_COMMANDS),
    "fingerprint": Target(f"{RUN}/plan/dataset.json", RUN_COMMANDS),
    "receipt": Target(f"{RUN}/receipts/train.json", (*RUN_COMMANDS, "report finished --output out/page.html")),
    "failure": Target("runs/interrupted/receipts/train.failed.json", ("status run_id=interrupted",)),
    "state of a try": Target(
        "runs/interrupted/scratch/train/state.json", ("status run_id=interrupted", "why run_id=interrupted")
    ),
    "resolved contract": Target(f"{RUN}/reports/config_resolved.yaml", ("report finished --output out/page.html",)),
    "camera": Target(
        "files/camera.json",
        (f"predict parts/images/val/0.jpg --onnx {RUN}/exports/model.onnx --camera files/camera.json",),
    ),
}
"""Name -> what is spoiled and read; commands are run in the project."""


def write_project(root: Path) -> Path:
    """A project with every file that `TARGETS` names."""
    shutil.copytree(RELEASE, root)
    (root / OUT).mkdir()
    write_coco(root / "coco", [{"id": 1, "image_id": 10, "category_id": 3, "bbox": [4, 4, 20, 20], "area": 400}])
    rows = {0: [bop_row(), bop_row(3)], 1: [bop_row(t_mm=(10.0, 0.0, 600.0))]}
    boxes = {0: [bop_box(4, 4, 20, 20), bop_box(9, 9, 9, 9)], 1: [bop_box(4, 4, 9, 9)]}
    write_bop(root / "bop", rows, boxes, models={"7": {"diameter": 50.0, "symmetries_continuous": []}})
    request = json.loads((root / RUN / "plan/train.json").read_text())
    (root / RUN / "plan/train.json").write_text(json.dumps({**request, "version": STAGES.load("train").version}))
    of_today = compile_plan(Contract(), registered_stages())["train"].request()
    (root / "files/request.json").write_text(json.dumps(of_today))
    shutil.copytree(root / "parts", root / "packed")
    pack_split(root / "packed", "train", shards=1)
    (root / "described").mkdir()
    shutil.copytree(root / "parts/images", root / "described/images")
    shutil.copytree(root / "parts/labels", root / "described/labels")
    (root / "described/data.yaml").write_text(
        "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: bolt\n  1: nut\n"
    )
    (root / "described/labels/train/1.txt").write_text("0 .1 .1 .5 .1 .5 .5\n1 .2 .2 .6 .2 .6 .6 .2 .6\n")
    write_voc(root / "voc")
    write_cvat(root / "cvat", *SHAPES)
    write_label_studio(root / "studio", RESULT, POLYGON)
    for name in ("best", "last"):
        payload = torch.load(root / RUN / f"checkpoints/{name}.pt", weights_only=True)
        (root / f"files/{name}.json").write_text(payload["header"])
    shutil.copy(root / RUN / "exports/model.onnx.meta.json", root / "files/properties.json")
    shutil.copy(root / RUN / "exports/model.onnx", root / "files/other.onnx")
    shutil.copy(root / RUN / "predictions/predictions.json", root / "files/short.json")
    part = part_of(load_predictions(root / "files/short.json").images)
    assert part is not None
    write_columns(root / "files/short.npz", [part], {}, predictions_sha256=digest_file(root / "files/short.json"))
    (root / "exp.json").write_text(json.dumps({"epochs": 3, "lr": 0.1, "model": {"num_queries": 12}}, indent=2))
    (root / "files/sweep.yaml").write_text(
        "config_version: 1\nrun_id: s\nbase: exp.yaml\ngrid:\n  lr: [0.001, 0.002]\n"
    )
    begin = "config_version: 1\nrun_id: d\nset: {epochs: 3}\n"
    drawn = "{lr: {min: 0.001, max: 0.1, log: true}, optimizer: [sgd, adamw], seed: {min: 0, max: 9}}"
    (root / "files/drawn.yaml").write_text(f"{begin}random: {drawn}\nsamples: 3\nseed: 1\n")
    (root / "files/search.yaml").write_text(
        f"{begin}optuna: {drawn}\nmax_runs: 3\nsampler: {{name: tpe}}\npruner: {{name: median}}\n"
    )
    (root / "files/tasks.yaml").write_text(
        "config_version: 1\nrun_id: t\nbase: exp.yaml\ntasks:\n  - name: a\n  - name: b\n"
    )
    (root / "files/camera.json").write_text(json.dumps({"fx": 60.0, "fy": 60.0, "cx": 32.0, "cy": 32.0}))
    return root


built_anew = app.build_app


@cache
def built(name: str, arguments: tuple[str, ...]) -> Any:
    """The command line, made once for the same words: that takes longer than most files."""
    return get_command(built_anew(name, arguments))


def outcome(command: str | Callable[[Path], object], path: Path) -> int:
    """The exit code that a command gives, or the one of the error that a function raises."""
    if isinstance(command, str):
        with patch.object(app, "build_app", lambda name, arguments: built(name, tuple(arguments))):
            return app.main(command.split())
    try:
        command(path)
    except YolozuError as error:
        str(error)
        return error.exit_code
    return EXIT_DONE
