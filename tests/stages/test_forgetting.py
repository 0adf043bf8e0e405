from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.earlier_runs import EVALUATED
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.predictions import write_predictions
from yolozu.contract.sections.continual import ContinualSection
from yolozu.contract.sections.run import Contract
from yolozu.errors import InputError
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.opening import open_adapter
from yolozu.progress import SilentProgress
from yolozu.stages.forgetting import ForgettingInputs, ForgettingOutputs, ForgettingSpec, run
from yolozu.structures.classes import ClassTable

THERE = dict.fromkeys(EVALUATED, "digest")
LATER = Contract(continual=ContinualSection(continual_from="one"))


@pytest.fixture
def sequence(exported, tmp_path, monkeypatch):
    """A run ``two`` that went on from ``one``: the same detector, so that nothing is forgotten."""
    monkeypatch.chdir(tmp_path)
    request = AdapterRequest(classes=None, progress=SilentProgress(), checkpoint=exported.checkpoint)
    found = open_adapter("rtdetr_pose", request).predict(exported.index.records)
    records = tuple(
        replace(
            record,
            class_indices=np.array([exported.index.classes.category_ids.index(entry.class_ids[0])]),
            boxes_cxcywh=entry.boxes_cxcywh[:1],
            is_crowd=np.zeros(1, np.bool_),
            areas_px=np.array([3000.0]),
        )
        for record, entry in zip(exported.index.records, found, strict=True)
    )
    index = replace(exported.index, records=records)
    for name in ("one", "two"):
        write_run(Path("runs") / name, index, found)
    return index, found


def write_run(directory, index, found):
    index.write(directory / EVALUATED[0])
    ObjectModels().write(directory / EVALUATED[1])
    write_predictions(directory / EVALUATED[2], found, {})
    (directory / "reports").mkdir(exist_ok=True)


def measure(exported, notes=None, files=THERE, after=None):
    task = {"name": "one", "run": "runs/one", "files": files, "after": after}
    Path("plan.json").write_text(json.dumps({"tasks": [task]}, sort_keys=True))  # as the planner writes it
    inputs = ForgettingInputs(
        Path("plan.json"), exported.checkpoint, Path("runs/two") / EVALUATED[2], Path("unread.json"),
        Path("runs/two") / EVALUATED[0],
    )  # fmt: skip
    context = context_in(Path("runs/two"), notes)
    numbers = run(ForgettingSpec.slice_of(LATER), inputs, ForgettingOutputs(Path("out.json")), context)
    return numbers, json.loads(Path("out.json").read_text())


def test_it_is_wanted_where_a_training_goes_on_from_another_and_stands_before_the_report():
    assert "forgetting" not in compile_plan(Contract(), registered_stages())
    names = [node.name for node in compile_plan(LATER, registered_stages()).nodes]
    assert names.index("evaluate") < names.index("forgetting") < names.index("report")


def test_the_same_network_has_forgotten_nothing(exported, sequence):
    notes = Notes()
    numbers, report = measure(exported, notes)
    task = report["earlier"][0]
    assert task["before"] == task["after"]
    assert (report["tasks"], task["task"], task["run"], task["images"]) == (["one", "two"], "one", "runs/one", 5)
    [[own, none], row] = report["matrix"]
    assert (none, row, own > 0.0) == (None, [own, own], True)
    assert numbers == {"tasks": 2, "average": pytest.approx(own), "forgetting": 0.0, "backward_transfer": 0.0}
    assert notes.lines == [
        f"forgetting: one: map50_95 {own:.4f} before, {own:.4f} now, on 5 images",
        f"forgetting: map50_95 of 2 tasks: average {own:.4f}, forgetting 0.0000, backward transfer 0.0000",
    ]


def test_what_the_earlier_run_found_is_what_counts_as_before(exported, sequence):
    index, found = sequence
    none = [entry.of(np.zeros(len(entry.scores), np.bool_)) for entry in found]
    write_run(Path("runs/one"), index, none)
    numbers, report = measure(exported)
    assert report["earlier"][0]["before"]["map50_95"] == 0.0
    assert numbers["backward_transfer"] == report["earlier"][0]["after"]["map50_95"] > 0.0


def test_images_that_the_earlier_run_did_not_predict_are_left_out(exported, sequence):
    index, found = sequence
    write_run(Path("runs/one"), index, found[:2])
    assert measure(exported)[1]["earlier"][0]["images"] == 2


def test_pictures_that_are_gone_are_named(exported, sequence):
    index, found = sequence
    write_run(Path("runs/one"), replace(index, root=Path("gone")), found)
    with pytest.raises(InputError) as refused:
        measure(exported)
    picture = Path("gone") / index.records[0].image
    assert str(refused.value) == (
        f"{picture}: YZ558 this held-out picture of runs/one is gone, with 4 others of 5\n"
        "  fix: put the data set back to gone; or drop continual_from, which the report goes by"
    )


def test_an_earlier_run_without_predictions_is_named(exported, sequence):
    with pytest.raises(InputError) as refused:
        measure(exported, files={**THERE, EVALUATED[2]: None})
    assert str(refused.value) == (
        "runs/one/predictions/predictions.json: YZ558 the earlier run has no such file\n"
        "  fix: build it: yolozu run run_dir=runs/one"
    )


def test_classes_that_the_network_does_not_know_are_refused(exported, sequence):
    index, found = sequence
    classes = ClassTable(("cup", "fox", "box"), index.classes.category_ids)
    write_run(Path("runs/one"), replace(index, classes=classes), found)
    with pytest.raises(InputError, match="its classes fox are none of this network's"):
        measure(exported)


def test_what_was_measured_after_earlier_tasks_fills_the_matrix(exported, sequence):
    """Only where it is about the same tasks."""
    index, found = sequence
    write_run(Path("runs/zero"), index, found)
    for tasks, row in ((["zero", "one"], [0.25, 0.75]), (["other", "one"], [None, None])):
        after = {"tasks": tasks, "row": [0.25, 0.75]}
        rows = [
            {"name": "zero", "run": "runs/zero", "files": THERE, "after": None},
            {"name": "one", "run": "runs/one", "files": THERE, "after": after},
        ]
        Path("three.json").write_text(json.dumps({"tasks": rows}))
        inputs = ForgettingInputs(
            Path("three.json"), exported.checkpoint, Path("runs/two") / EVALUATED[2], Path("unread.json"),
            Path("runs/two") / EVALUATED[0],
        )  # fmt: skip
        run(ForgettingSpec.slice_of(LATER), inputs, ForgettingOutputs(Path("out.json")), context_in(Path("runs/two")))
        assert json.loads(Path("out.json").read_text())["matrix"][1][0] == row[0]
