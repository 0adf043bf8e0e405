from __future__ import annotations

import onnx
import pytest

from tests.fixtures.perturbed import replace_tensor, save_changed
from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.parity_report import read_parity_report
from yolozu.contract.sections.export import ParitySection
from yolozu.errors import GateFailed
from yolozu.export.with_processing import write_with_processing
from yolozu.stages.onnx_parity import ParityInputs, ParityOutputs, ParitySpec, run


@pytest.fixture
def wrong(exported, tmp_path):
    """The exported file with a bias that is off by a hundredth."""
    bias = next(
        entry for entry in onnx.load(exported.onnx).graph.initializer if entry.name.endswith("selector.norm.bias")
    )
    value = onnx.numpy_helper.to_array(bias)
    replace_tensor(exported.onnx, tmp_path / "wrong.onnx", value, value + 0.01)
    return tmp_path / "wrong.onnx"


def run_stage(exported, onnx_path, tmp_path, notes=None, with_processing=None, **keys):
    outputs = ParityOutputs(tmp_path / "onnx_parity.json")
    spec = ParitySpec(parity=ParitySection(**keys))
    inputs = ParityInputs(exported.checkpoint, onnx_path, exported.index_path, with_processing)
    return run(spec, inputs, outputs, context_in(tmp_path, notes)), read_parity_report(outputs.report)


@pytest.mark.effect("parity_images")
def test_a_correct_file_passes_and_the_numbers_are_handed_on(exported, tmp_path):
    notes = Notes()
    numbers, report = run_stage(exported, exported.onnx, tmp_path, notes, parity_images=2)
    assert numbers == {
        "passed": True,
        "images": 2,
        "pred_logits_max": report.outputs["pred_logits"].max,
        "pred_boxes_max": report.outputs["pred_boxes"].max,
    }
    assert notes.lines == ["parity: all outputs within tolerance on 2 images at batch sizes 1 and 3"]


def test_a_wrong_file_closes_the_gate_after_its_report_is_written(exported, wrong, tmp_path):
    with pytest.raises(GateFailed) as refused:
        run_stage(exported, wrong, tmp_path, parity_images=2)
    report = read_parity_report(tmp_path / "onnx_parity.json")
    assert (report.passed, report.policy) == (False, "fail")
    assert str(refused.value) == (
        "reports/onnx_parity.json: YZ605 the exported file does not compute what the checkpoint computes: "
        f"{report.reason}\n"
        "  fix: try another onnx_opset; if the numbers are near the tolerance, raise it (parity_score_atol, "
        "parity_bbox_atol, parity_rot_deg, parity_t_mm); or set parity_policy: warn"
    )
    assert refused.value.exit_code == 1


@pytest.mark.effect("parity_policy")
def test_with_policy_warn_a_wrong_file_goes_on(exported, wrong, tmp_path):
    notes = Notes()
    numbers, report = run_stage(exported, wrong, tmp_path, notes, parity_images=2, parity_policy="warn")
    assert (numbers["passed"], report.passed, report.policy) == (False, False, "warn")
    assert notes.lines == [f"parity: warning: {report.reason}"]


@pytest.mark.effect("parity_score_atol", "parity_bbox_atol")
def test_tolerances_are_those_of_the_contract(exported, wrong, tmp_path):
    _, report = run_stage(exported, wrong, tmp_path, parity_images=1, parity_score_atol=10.0, parity_bbox_atol=1.0)
    assert report.passed
    assert (report.thresholds.score_atol, report.thresholds.bbox_atol) == (10.0, 1.0)


def test_the_largest_differences_of_poses_are_handed_on(exported_pose, tmp_path):
    numbers, report = run_stage(exported_pose, exported_pose.onnx, tmp_path, parity_images=1)
    assert numbers["rot_deg_max"] == report.matched.rot_deg_max
    assert numbers["t_mm_max"] == report.matched.t_mm_max
    assert numbers["pred_rot6d_max"] == report.outputs["pred_rot6d"].max


@pytest.mark.effect("parity_rot_deg", "parity_t_mm")
def test_poses_have_tolerances_in_degrees_and_mm(exported_pose, tmp_path):
    _, report = run_stage(
        exported_pose, exported_pose.onnx, tmp_path, parity_images=1, parity_rot_deg=1e-12, parity_t_mm=1e-9,
        parity_policy="warn",
    )  # fmt: skip
    assert (report.thresholds.rot_deg, report.thresholds.t_mm) == (1e-12, 1e-9)
    assert "rotations of detections differ by " in report.reason
    assert "translations of detections differ by " in report.reason


@pytest.fixture
def processed(exported_pose, tmp_path):
    write_with_processing(exported_pose.onnx, tmp_path / "model.with_processing.onnx")
    return tmp_path / "model.with_processing.onnx"


@pytest.fixture
def processed_wrongly(processed):
    """It leaves the letterbox's ground at another level."""
    model = onnx.load(processed)
    ground = next(entry for entry in model.graph.initializer if entry.data_type == onnx.TensorProto.UINT8)
    ground.CopyFrom(onnx.helper.make_tensor(ground.name, onnx.TensorProto.UINT8, [], [90]))
    save_changed(model, processed)
    return processed


def test_the_file_with_processing_inside_is_held_against_what_yolozu_predicts(exported_pose, processed, tmp_path):
    notes = Notes()
    numbers, report = run_stage(exported_pose, exported_pose.onnx, tmp_path, notes, processed, parity_images=2)
    assert numbers["passed"]
    assert report.processing.passed
    assert report.processing.pairs > 0
    assert notes.lines[-1] == "parity: with processing inside: the same detections on 2 images"
    assert report.reason == notes.lines[0].removeprefix("parity: ")


def test_one_that_finds_something_else_closes_the_gate(exported_pose, processed_wrongly, tmp_path):
    with pytest.raises(GateFailed) as refused:
        run_stage(exported_pose, exported_pose.onnx, tmp_path, None, processed_wrongly, parity_images=2)
    report = read_parity_report(tmp_path / "onnx_parity.json")
    assert (report.passed, report.processing.passed) == (False, False)
    assert report.reason == f"with processing inside: {report.processing.reason}"
    assert str(refused.value) == (
        "reports/onnx_parity.json: processing: YZ654 model.with_processing.onnx finds something else than yolozu "
        f"predicts with model.onnx: {report.processing.reason}\n"
        "  fix: export the model again; if the numbers are near the tolerance, raise it (parity_score_atol, "
        "parity_bbox_atol, parity_rot_deg, parity_t_mm); or set parity_policy: warn"
    )


def test_with_policy_warn_it_goes_on(exported_pose, processed_wrongly, tmp_path):
    notes = Notes()
    numbers, report = run_stage(
        exported_pose, exported_pose.onnx, tmp_path, notes, processed_wrongly, parity_images=2, parity_policy="warn"
    )
    assert (numbers["passed"], report.passed, report.policy) == (False, False, "warn")
    assert notes.lines[-1] == f"parity: warning: {report.reason}"


def test_of_a_wrong_exported_file_the_one_made_of_it_is_not_looked_at(exported, wrong, tmp_path):
    _, report = run_stage(
        exported, wrong, tmp_path, None, tmp_path / "none.onnx", parity_images=1, parity_policy="warn"
    )
    assert (report.passed, report.processing) == (False, None)
