from __future__ import annotations

import json
from dataclasses import replace

import onnxruntime
import pytest
import torch

from tests.stages.contexts import Notes, context_in
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.predictions import read_predictions
from yolozu.contract.sections.predict import CorruptionSection, PredictSection, TtaSection, TttSection
from yolozu.contract.sections.train import DeviceSection
from yolozu.errors import InputError, Interrupted, UsageError
from yolozu.model import openvino_runtime
from yolozu.stages.base import links
from yolozu.stages.predict import STAGE, PredictInputs, PredictOutputs, PredictSpec, run

pytestmark = pytest.mark.openvino


def spec_of(device="cpu", **keys):
    return PredictSpec(
        predict=PredictSection(**keys),
        corruption=CorruptionSection(),
        tta=TtaSection(),
        ttt=TttSection(),
        device=DeviceSection(device=device),
    )


def inputs_in(exported, tmp_path):
    return PredictInputs(
        checkpoint=exported.checkpoint,
        onnx=exported.onnx,
        parity=tmp_path / "parity.json",
        images=exported.index_path,
        given=tmp_path / "given.json",
        models=tmp_path / "models.json",
    )


def outputs_in(tmp_path):
    return PredictOutputs(tmp_path / "predictions.json", tmp_path / "predictions.npz", tmp_path / "ttt.json")


def run_stage(exported, tmp_path, notes=None, device="cpu", **keys):
    inputs, outputs = inputs_in(exported, tmp_path), outputs_in(tmp_path)
    numbers = run(spec_of(device, **keys), inputs, outputs, context_in(tmp_path, notes))
    output = outputs.predictions
    return numbers, json.loads(output.read_text())["meta"], read_predictions(output)


def test_the_parity_report_opens_the_gate_but_makes_nothing_stale():
    assert links(STAGE.inputs)["parity"].kind == "after"


@pytest.mark.effect("adapter")
@pytest.mark.parametrize("adapter", ["onnxruntime", "openvino", "rtdetr_pose", "dummy"])
def test_every_image_is_predicted_with_the_adapter_of_the_contract(exported, tmp_path, adapter):
    numbers, meta, entries = run_stage(exported, tmp_path, adapter=adapter, score_threshold=0.65)
    assert meta["adapter"] == adapter
    assert [entry.image for entry in entries] == [f"images/val/{number}.png" for number in range(5)]
    assert numbers["images"] == 5
    assert numbers["detections"] == sum(len(entry) for entry in entries)
    assert (numbers["detections"] > 0) == (adapter != "dummy")
    assert numbers.keys() == {"images", "detections", "seconds", "images_per_s"}


def test_a_stop_asked_for_ends_it_without_a_file(exported, tmp_path):
    context = replace(context_in(tmp_path), stopping=lambda: True)
    with pytest.raises(Interrupted):
        run(spec_of(), inputs_in(exported, tmp_path), outputs_in(tmp_path), context)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.effect("max_images")
def test_only_the_first_images_are_predicted_where_so_many_are_asked_for(exported, tmp_path):
    numbers, meta, _ = run_stage(exported, tmp_path, max_images=2)
    assert (numbers["images"], meta["images"]) == (2, 2)


@pytest.mark.effect("adapter", "predictions")
def test_a_given_file_is_served(exported, tmp_path):
    given = tmp_path / "theirs.json"
    given.write_text(json.dumps([{"image": "3.png", "detections": []}]))
    plan_with(given, tmp_path)
    notes = Notes()
    _, meta, entries = run_stage(exported, tmp_path, notes, adapter="precomputed", predictions=str(given))
    assert (len(entries), meta["missing_images"]) == (5, 4)
    assert notes.lines == [f"{given}: 4 of 5 images are missing and get no detections"]


def plan_with(given, tmp_path):
    (tmp_path / "given.json").write_text(json.dumps({"predictions": digest_file(given), "adapter": None}))


def test_a_given_file_that_changed_since_it_was_planned_with_is_refused(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = tmp_path / "theirs.json"
    given.write_text(json.dumps([{"image": "3.png", "detections": []}]))
    plan_with(given, tmp_path)
    known = digest_file(given)[:12]
    given.write_text(json.dumps([{"image": "4.png", "detections": []}]))
    with pytest.raises(InputError) as refused:
        run_stage(exported, tmp_path, adapter="precomputed", predictions=str(given))
    assert str(refused.value) == (
        f"predictions: {given}: YZ857 has changed since the run was planned: sha256 {known} → "
        f"{digest_file(given)[:12]}\n"
        "  fix: run the same command again: it plans with the file as it is"
    )


def test_precomputed_without_a_file_is_refused(exported, tmp_path):
    with pytest.raises(UsageError) as refused:
        run_stage(exported, tmp_path, adapter="precomputed")
    assert refused.value.findings[0].code == "YZ612"


@pytest.mark.effect("score_threshold", "max_detections")
@pytest.mark.parametrize("adapter", ["onnxruntime", "rtdetr_pose"])
def test_as_many_detections_are_kept_as_asked_for_and_none_below_the_threshold(exported, tmp_path, adapter):
    def scores(**keys):
        _, _, entries = run_stage(exported, tmp_path, adapter=adapter, **keys)
        return [sorted(entry.scores.tolist(), reverse=True) for entry in entries]

    everything = scores(score_threshold=0.0, max_detections=3000)
    few = scores(score_threshold=0.0, max_detections=2)
    assert all(kept == found[: len(kept)] for kept, found in zip(few, everything, strict=True))
    assert max(len(kept) for kept in few) == 2  # fewer where a box turns out to lie beside the image
    assert scores(score_threshold=0.65, max_detections=3000) == [[s for s in f if s >= 0.65] for f in everything]
    assert min(min(found) for found in everything) < 0.65 < max(max(found) for found in everything)


@pytest.mark.effect("inference_precision")
def test_the_precision_that_is_asked_for_reaches_what_computes(exported, tmp_path, monkeypatch):
    """Whatever the processor has: what the compiled network says of itself is what counts."""
    monkeypatch.setattr(openvino_runtime, "precision_of", lambda _: "fp32")
    _, meta, _ = run_stage(exported, tmp_path, adapter="openvino")
    assert meta["inference_precision"] == "fp32"
    with pytest.raises(UsageError, match=r"inference_precision: bf16: YZ648 OpenVINO .* would compute in fp32"):
        run_stage(exported, tmp_path, adapter="openvino", inference_precision="bf16")


@pytest.mark.effect("device")
def test_openvino_predicts_on_the_cpu_and_says_so(exported, tmp_path):
    notes = Notes()
    run_stage(exported, tmp_path, notes, device="cuda", adapter="openvino")
    assert notes.lines == ["predict: OpenVINO predicts on the CPU"]


@pytest.mark.effect("device")
def test_a_device_that_is_not_there_is_refused(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UsageError, match="device: cuda: YZ501 this machine has no CUDA device"):
        run_stage(exported, tmp_path, adapter="rtdetr_pose", device="cuda")


@pytest.mark.effect("device")
@pytest.mark.parametrize("built_for_cuda", [False, True])
def test_onnx_runtime_without_cuda_predicts_on_the_cpu_and_says_so(exported, tmp_path, monkeypatch, built_for_cuda):
    """Not built for it, or built for it where its libraries are missing: the session then falls back by itself."""
    on_the_cpu = onnxruntime.InferenceSession

    def fallen_back(source, options, *, providers, enable_fallback):
        return on_the_cpu(source, options, providers=["CPUExecutionProvider"])

    available = ["CUDAExecutionProvider", "CPUExecutionProvider"] if built_for_cuda else ["CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: available)
    monkeypatch.setattr(onnxruntime, "InferenceSession", fallen_back)
    notes = Notes()
    _, meta, _ = run_stage(exported, tmp_path, notes, device="cuda", adapter="onnxruntime")
    assert meta["providers"] == ["CPUExecutionProvider"]
    assert notes.lines == [
        f"predict: ONNX Runtime {onnxruntime.__version__} has no CUDA support here; predicting on the CPU"
    ]
