from __future__ import annotations

import shutil

import onnx
import pytest
import torch
from torch import nn

from tests.fixtures.exported import random_checkpoint
from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.checkpoint import write_checkpoint
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.golden_vectors import read_golden
from yolozu.contract.sections.export import ExportSection
from yolozu.contract.sections.run import Contract
from yolozu.model.outputs import DetectorOutput
from yolozu.stages.base import links
from yolozu.stages.export_onnx import STAGE, ExportInputs, ExportOutputs, ExportSpec, run

pytestmark = pytest.mark.slow


def test_only_the_export_keys_and_the_weights_make_it_stale():
    assert ExportSpec.slice_of(Contract()) == ExportSpec(export=ExportSection())
    assert {name: (link.kind, link.target) for name, link in links(STAGE.inputs).items()} == {
        "checkpoint": ("needs", "train.best")
    }
    assert {name: link.target for name, link in links(STAGE.outputs).items()} == {
        "onnx": "exports/model.onnx",
        "meta": "exports/model.onnx.meta.json",
        "golden": "exports/golden",
        "with_processing": "exports/model.with_processing.onnx",
    }


def outputs_in(directory):
    return ExportOutputs(*(directory / name for name in ("m.onnx", "m.json", "golden", "m.with_processing.onnx")))


def test_the_same_checkpoint_gives_the_same_bytes_wherever_it_lies(exported, tmp_path):
    checkpoint = tmp_path / "elsewhere.pt"
    shutil.copyfile(exported.checkpoint, checkpoint)
    notes = Notes()
    outputs = outputs_in(tmp_path)
    numbers = run(ExportSpec(export=ExportSection()), ExportInputs(checkpoint), outputs, context_in(tmp_path, notes))
    assert outputs.onnx.read_bytes() == exported.onnx.read_bytes()
    assert outputs.meta.read_bytes() == exported.meta.read_bytes()
    assert numbers == {"opset": 18, "bytes": exported.onnx.stat().st_size}
    assert notes.lines == ["export: ONNX, opset 18"]


class Two(nn.Module):
    """The outputs of a detector, of one multiplication: exporting a real one takes long."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images):
        pooled = (images * self.scale).mean(dim=(2, 3))[:, None]
        return DetectorOutput(pooled, pooled[..., :1].expand(-1, -1, 4))


@pytest.mark.effect("onnx_opset")
def test_the_file_has_the_operator_set_of_the_contract(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / "best.pt", random_checkpoint(0))
    monkeypatch.setattr("yolozu.export.onnx.detector_from", lambda _: Two())
    outputs = outputs_in(tmp_path)
    spec = ExportSpec(export=ExportSection(onnx_opset=20))
    run(spec, ExportInputs(tmp_path / "best.pt"), outputs, context_in(tmp_path))
    assert [(entry.domain, entry.version) for entry in onnx.load(outputs.onnx).opset_import] == [("", 20)]


@pytest.mark.effect("onnx_golden")
@pytest.mark.parametrize("asked", [False, True])
def test_pictures_and_what_the_file_makes_of_them_lie_beside_it_where_they_are_asked_for(tmp_path, monkeypatch, asked):
    write_checkpoint(tmp_path / "best.pt", random_checkpoint(0))
    monkeypatch.setattr("yolozu.export.onnx.detector_from", lambda _: Two())
    outputs = outputs_in(tmp_path)
    run(
        ExportSpec(export=ExportSection(onnx_golden=asked)),
        ExportInputs(tmp_path / "best.pt"),
        outputs,
        context_in(tmp_path),
    )
    assert outputs.golden.is_dir() == asked
    if asked:
        told = read_golden(outputs.golden)
        assert told.onnx_sha256 == digest_file(outputs.onnx)
        assert len(told.pictures) == 5


@pytest.mark.effect("onnx_with_processing")
@pytest.mark.parametrize("asked", [False, True])
def test_a_file_that_takes_pictures_lies_beside_it_where_it_is_asked_for(tmp_path, monkeypatch, asked):
    write_checkpoint(tmp_path / "best.pt", random_checkpoint(0))
    monkeypatch.setattr("yolozu.export.onnx.detector_from", lambda _: Two())
    outputs = outputs_in(tmp_path)
    spec = ExportSpec(export=ExportSection(onnx_opset=20, onnx_with_processing=asked))
    run(spec, ExportInputs(tmp_path / "best.pt"), outputs, context_in(tmp_path))
    assert outputs.with_processing.exists() == asked
    if asked:
        model = onnx.load(outputs.with_processing)
        assert [entry.name for entry in model.graph.output] == ["boxes", "scores", "class_ids"]
        assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 20)]
