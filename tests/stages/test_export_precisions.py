from __future__ import annotations

import pytest

from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.precisions_report import PrecisionsReport
from yolozu.artifacts.record import read_record
from yolozu.contract.sections.precisions import PrecisionsSection
from yolozu.errors import GateFailed
from yolozu.export import quantize as quantizing
from yolozu.stages.export_precisions import PrecisionsInputs, PrecisionsOutputs, PrecisionsSpec, run


@pytest.fixture(autouse=True)
def few_blocks(monkeypatch):
    """Three blocks stand for all: each costs a network to make and to run."""
    whole = quantizing.blocks_of
    monkeypatch.setattr(quantizing, "blocks_of", lambda layers: dict(list(whole(layers).items())[:3]))


def run_stage(exported, tmp_path, *precisions, notes=None, **keys):
    spec = PrecisionsSpec(precisions=PrecisionsSection(export_precisions=precisions, **keys))
    outputs = PrecisionsOutputs(tmp_path / "model.fp16.onnx", tmp_path / "model.int8.onnx", tmp_path / "report.json")
    inputs = PrecisionsInputs(exported.onnx, tmp_path / "parity.json", exported.index_path)
    numbers = run(spec, inputs, outputs, context_in(tmp_path, notes))
    return numbers, read_record(outputs.report, PrecisionsReport, code="YZ855", fix="")


def test_without_precisions_the_plan_has_no_such_stage():
    assert not PrecisionsSpec(precisions=PrecisionsSection()).wanted()


@pytest.mark.effect("export_precisions")
def test_what_is_asked_for_is_made_and_nothing_else(exported, tmp_path):
    numbers, report = run_stage(exported, tmp_path, "fp16")
    assert numbers == {"fp16_bytes": (tmp_path / "model.fp16.onnx").stat().st_size}
    assert list(report.files) == ["fp16"]
    assert not (tmp_path / "model.int8.onnx").exists()


@pytest.mark.slow
@pytest.mark.effect("calibration_images")
def test_so_many_images_are_calibrated_with(exported, tmp_path):
    notes = Notes()
    numbers, report = run_stage(exported, tmp_path, "int8", notes=notes, calibration_images=2, int8_max_error=1.0)
    assert (report.int8.calibration_images, report.int8.measured_images) == (2, 1)
    assert numbers["int8_blocks_in_float"] == 0
    assert notes.lines == [f"export_precisions: int8 is off by {report.int8.error:.3g}"]


@pytest.mark.effect("int8_max_error")
def test_a_limit_that_nothing_keeps_fails(exported, tmp_path):
    with pytest.raises(GateFailed, match="YZ649 no block can be quantized with int8_max_error: 1e-06"):
        run_stage(exported, tmp_path, "int8", int8_max_error=1e-6)
