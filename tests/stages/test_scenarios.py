from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.meshes import ObjectModels
from yolozu.artifacts.predictions import write_predictions
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.sections.predict import CorruptionSection, PredictSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.scenarios import ScenariosSection
from yolozu.engine.external_inputs import scenario_setting_values
from yolozu.errors import Interrupted
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.opening import open_adapter
from yolozu.progress import SilentProgress
from yolozu.stages.base import links
from yolozu.stages.scenarios import STAGE, ScenariosInputs, ScenariosOutputs, ScenariosSpec, run

SETTING = """
dataset: elsewhere
perturb_images: 2
score_threshold: 0.6
scenarios:
- {name: medium, slice: {area: medium}}
- {name: fog, perturb: {kind: fog, severity: 5}}
- {name: camera, perturb: {kind: intrinsics, dfx: 0.1, dfy: 0.1}}
"""


@pytest.fixture
def stage(exported, tmp_path):
    """The stage on the tiny detector's images, each with an object; `served` are what the run predicted."""
    index = exported.index
    records = []
    for record in index.records:
        boxes = np.array([[0.5, 0.5, 60 / record.width, 50 / record.height]])
        records.append(
            replace(
                record,
                class_indices=np.array([0]),
                boxes_cxcywh=boxes,
                is_crowd=np.zeros(1, np.bool_),
                areas_px=np.array([3000.0]),
            )
        )
    replace(index, records=tuple(records)).write(tmp_path / "index.json")
    ObjectModels().write(tmp_path / "models.json")
    (tmp_path / "setting.yaml").write_text(SETTING)

    def measure(setting="setting.yaml", notes=None, context=None, max_images=None, **keys):
        name = str(tmp_path / setting) if setting.endswith("yaml") else setting
        loaded = load_contract(None, [Override("epochs", 1, "epochs=1"), Override("scenarios", name, "scenarios=")])
        (tmp_path / "plan.json").write_text(json.dumps(scenario_setting_values(loaded)))
        request = AdapterRequest(classes=None, progress=SilentProgress(), onnx=exported.onnx)
        served = open_adapter("onnxruntime", request).predict(index.records[:max_images])
        write_predictions(tmp_path / "predictions.json", served, {})
        spec = ScenariosSpec.slice_of(
            Contract(
                predict=PredictSection(max_images=max_images, **keys.pop("predict", {})),
                scenarios=ScenariosSection(scenarios=name),
                **keys,
            )
        )
        inputs = ScenariosInputs(
            tmp_path / "plan.json", tmp_path / "predictions.json", tmp_path / "unread.json",
            exported.checkpoint, exported.onnx, tmp_path / "unread.json",
            tmp_path / "index.json", tmp_path / "models.json",
        )  # fmt: skip
        context = context_in(tmp_path, notes) if context is None else context
        numbers = run(spec, inputs, ScenariosOutputs(tmp_path / "scenarios.json"), context)
        return numbers, json.loads((tmp_path / "scenarios.json").read_text())

    return measure


@pytest.mark.effect("scenarios")
def test_a_setting_file_says_what_is_measured(stage):
    notes = Notes()
    numbers, report = stage(notes=notes)
    assert numbers == {"images": 5, "scenarios": 3, "measured": 2}
    medium, fog, camera = report["scenarios"]
    assert (medium["name"], medium["images"], medium["objects"]) == ("medium", 5, 5)
    assert (fog["images"], fog["fps"] > 0.0) == (2, True)
    assert (camera["map50_95"], camera["reasons"]["map50_95"]) == (None, "no camera is known")
    assert (report["clean"]["fps"], report["clean"]["reasons"]["fps"]) == (None, "the predictions were made before")
    assert report["reference"]["images"] == 2
    assert 0.0 < report["clean"]["rejection_rate"] < 1.0
    assert notes.lines[0].endswith("setting.yaml: no effect in a run, which has its own: dataset")
    assert notes.lines[-1] == "scenarios: 2 of 3 measured on 5 images"
    assert [line for line in notes.lines if line.endswith(report["warnings"][0])]


@pytest.mark.effect("scenarios")
def test_none_leaves_the_stage_out_of_the_plan():
    plan = compile_plan(Contract(scenarios=ScenariosSection(scenarios="none")), registered_stages())
    assert "scenarios" not in plan
    assert "scenarios" in compile_plan(Contract(), registered_stages())


def test_the_standard_suite_names_every_scenario(stage):
    numbers, report = stage("standard")
    assert numbers["scenarios"] == 14
    assert (report["setting"]["perturb_images"], report["warnings"]) == (100, [])


@pytest.mark.effect("max_images")
def test_only_predicted_images_are_tested(stage):
    assert stage(max_images=3)[1]["dataset"]["images"] == 3


def test_a_run_without_a_model_measures_slices_alone(stage, tmp_path):
    numbers, report = stage(predict={"adapter": "precomputed", "predictions": str(tmp_path / "predictions.json")})
    assert numbers["measured"] == 1
    assert report["scenarios"][1]["reasons"]["map50_95"] == "adapter precomputed cannot be shown other pictures"


@pytest.mark.effect("corruption")
def test_predictions_of_corrupted_pictures_are_no_reference_for_perturbed_ones(stage):
    assert stage()[1]["reference"]["fps"] is None
    report = stage(corruption=CorruptionSection(corruption="fog"))[1]
    assert report["reference"]["fps"] > 0.0
    assert report["warnings"][-1] == (
        "the run predicts with corruption fog 3, and clean and slices measure that; "
        "perturbations change the pictures as they are, for the network as it is"
    )


def test_a_stop_asked_for_ends_it_without_a_report(stage, tmp_path):
    with pytest.raises(Interrupted):
        stage(context=replace(context_in(tmp_path), stopping=lambda: True))
    assert not (tmp_path / "scenarios.json").exists()


def test_the_same_request_twice_gives_the_same_numbers(stage):
    def timeless(report):
        rows = [report["clean"], report["reference"], *report["scenarios"]]
        return [{key: value for key, value in row.items() if key != "fps"} for row in rows]

    assert timeless(stage()[1]) == timeless(stage()[1])


def test_gates_come_first_and_their_words_make_nothing_stale():
    assert links(STAGE.inputs)["evaluated"].kind == "after"
