from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.cells_report import CellsReport
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.record import read_record
from yolozu.contract.sections.export import ParitySection
from yolozu.contract.sections.precisions import CellsSection, PrecisionsSection
from yolozu.data.index import DataIndex
from yolozu.errors import GateFailed
from yolozu.export.half_weights import halve_weights
from yolozu.predict.adapters.base import AdapterRequest
from yolozu.predict.adapters.onnxruntime import OnnxRuntimeAdapter
from yolozu.progress import SilentProgress
from yolozu.stages.runtime_parity import CellsInputs, CellsOutputs, CellsSpec, run

pytestmark = pytest.mark.openvino


@pytest.fixture
def labeled(exported, tmp_path):
    """The index of images whose objects are what the exported file finds first: it scores well on them."""
    index = exported.index
    request = AdapterRequest(classes=index.classes, progress=SilentProgress(), onnx=exported.onnx)
    numbers = {category: number for number, category in enumerate(index.classes.category_ids)}
    records = [
        replace(
            record,
            class_indices=np.array([numbers[found.class_ids[0]]]),
            boxes_cxcywh=found.boxes_cxcywh[:1],
            is_crowd=np.zeros(1, dtype=np.bool_),
            areas_px=np.array([100.0]),
        )
        for record, found in zip(index.records, OnnxRuntimeAdapter.open(request).predict(index.records), strict=True)
    ]
    path = tmp_path / "val.json"
    DataIndex(index.root, index.split, index.classes, tuple(records)).write(path)
    return path


def run_stage(exported, index_path, tmp_path, *runtimes, fp16=None, notes=None, policy="fail", **keys):
    spec = CellsSpec(
        precisions=PrecisionsSection(export_precisions=() if fp16 is None else ("fp16",)),
        parity=ParitySection(parity_policy=policy),
        cells=CellsSection(parity_runtimes=runtimes, **keys),
    )
    outputs = CellsOutputs(tmp_path / "runtime_parity.json")
    inputs = CellsInputs(exported.onnx, tmp_path / "parity.json", fp16, None, index_path, tmp_path / "models.json")
    return run(spec, inputs, outputs, context_in(tmp_path, notes))


def report_in(tmp_path):
    return read_record(tmp_path / "runtime_parity.json", CellsReport, code="YZ855", fix="")


@pytest.fixture
def spoilt(exported, tmp_path):
    """Stands for the fp16 file: weights of the backbone's first layer turned round."""
    import onnx

    from yolozu.artifacts.onnx_metadata import OnnxMetadata
    from yolozu.export.onnx import write_onnx
    from yolozu.model.onnx_network import OnnxNetwork

    model = onnx.load(exported.onnx)
    weight = next(tensor for tensor in model.graph.initializer if tensor.name.startswith("detector.backbone.stem"))
    weight.CopyFrom(onnx.numpy_helper.from_array(-onnx.numpy_helper.to_array(weight), weight.name))
    halve_weights(model)
    metadata: OnnxMetadata = OnnxNetwork(exported.onnx, threads=1).metadata
    write_onnx(tmp_path / "fp16.onnx", model, metadata)
    return tmp_path / "fp16.onnx"


def test_without_runtimes_the_plan_has_no_such_stage():
    spec = CellsSpec(precisions=PrecisionsSection(), parity=ParitySection(), cells=CellsSection())
    assert not spec.wanted()


@pytest.mark.effect("parity_runtimes")
def test_every_runtime_is_held_against_onnx_runtime(exported, labeled, tmp_path):
    notes = Notes()
    numbers = run_stage(exported, labeled, tmp_path, "openvino", notes=notes)
    report = report_in(tmp_path)
    assert list(report.cells) == ["fp32/onnxruntime", "fp32/openvino"]
    assert numbers["cells"] == 2
    cell = report.cells["fp32/openvino"]
    assert (cell.passed, cell.map50_95.loss, cell.add_s_01d) == (True, pytest.approx(0.0, abs=1e-6), None)
    assert cell.map50_95.value > 0.5
    assert cell.layers.first_diverging is None
    assert cell.described["inference_precision"] == "fp32"
    assert cell.described["onnx_sha256"] == digest_file(exported.onnx)
    assert notes.lines[1] == f"runtime_parity: fp32/openvino: map50_95 {cell.map50_95.value:.4f}"


@pytest.mark.effect("cell_map_loss", "cell_policy")
def test_a_cell_that_loses_too_much_fails_unless_it_is_only_warned_of(exported, labeled, spoilt, tmp_path):
    with pytest.raises(GateFailed) as refused:
        run_stage(exported, labeled, tmp_path, "onnxruntime", fp16=spoilt)
    cell = report_in(tmp_path).cells["fp16/onnxruntime"]
    lost = cell.map50_95
    assert str(refused.value) == (
        f"reports/runtime_parity.json: fp16/onnxruntime: YZ653 map50_95 {lost.value:.4f} is {lost.loss:.4f} less than "
        "in fp32/onnxruntime (allowed 0.003); the first layer that diverges is backbone.stem\n"
        "  fix: raise cell_map_loss or cell_add_loss, lower int8_max_error, or set cell_policy: "
        "{fp16/onnxruntime: warn}"
    )
    assert not report_in(tmp_path).passed
    run_stage(exported, labeled, tmp_path, "onnxruntime", fp16=spoilt, cell_policy={"fp16/onnxruntime": "warn"})
    cell = report_in(tmp_path).cells["fp16/onnxruntime"]
    assert (cell.passed, cell.policy, report_in(tmp_path).passed) == (False, "warn", True)
    run_stage(exported, labeled, tmp_path, "onnxruntime", fp16=spoilt, cell_map_loss=1.0)
    assert report_in(tmp_path).cells["fp16/onnxruntime"].passed


@pytest.mark.effect("parity_policy")
def test_the_policy_of_parity_is_that_of_cells_that_are_not_named(exported, labeled, spoilt, tmp_path):
    run_stage(exported, labeled, tmp_path, "onnxruntime", fp16=spoilt, policy="warn")
    assert report_in(tmp_path).cells["fp16/onnxruntime"].policy == "warn"


@pytest.mark.effect("cell_add_loss")
def test_poses_have_a_limit_of_their_own(exported_pose, tmp_path, monkeypatch):
    """What poses are worth is measured elsewhere; here it falls from the first cell to the second."""
    from types import SimpleNamespace

    from yolozu.artifacts.meshes import ObjectModels
    from yolozu.evaluation import quick_metrics

    monkeypatch.setattr(DataIndex, "has_poses", True)
    monkeypatch.setattr(ObjectModels, "read", lambda _: SimpleNamespace())
    values = iter([0.8, 0.7, 0.8, 0.7])
    monkeypatch.setattr(quick_metrics, "quick_metrics", lambda *_: {"map50_95": 0.5, "add_s_01d": next(values)})
    with pytest.raises(GateFailed, match=r"YZ653 add_s_01d 0\.7000 is 0\.1000 less than in fp32/onnxruntime"):
        run_stage(exported_pose, exported_pose.index_path, tmp_path, "openvino")
    run_stage(exported_pose, exported_pose.index_path, tmp_path, "openvino", cell_add_loss=0.2)
    assert report_in(tmp_path).cells["fp32/openvino"].add_s_01d.loss == pytest.approx(0.1)
