"""A quantized detector with adapters as ONNX: the graph holds the numbers that codes stand for."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from tests.fixtures.exported import OPSET, POSE_CONFIG, Exported, random_checkpoint, write_images
from yolozu.artifacts.checkpoint import read_checkpoint, write_checkpoint
from yolozu.artifacts.parity_report import Thresholds
from yolozu.contract.sections.lora import LoraSection
from yolozu.contract.sections.train import MimSection
from yolozu.contract.sections.trained_model import TrainedModelConfig, with_additions
from yolozu.export.onnx import export_onnx
from yolozu.export.parity import check_parity
from yolozu.model.detector import build_detector
from yolozu.model.loading import detector_from
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.model.quantization import quantize
from yolozu.progress import SilentProgress

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("torchao") is None, reason="quantizes: pip install 'yolozu[torchao]'"),
]
LORA = LoraSection(lora_r=4, lora_target="all_linear_conv1x1")


def quantized_checkpoint(scheme):
    plain = random_checkpoint(0, config=with_additions(POSE_CONFIG, MimSection(), LORA))
    detector = build_detector(
        TrainedModelConfig.model_validate(plain.model_config, strict=False), num_classes=len(plain.classes)
    )
    detector.load_state_dict(plain.weights)
    done = quantize(detector, scheme)
    return replace(
        plain, weights=detector.state_dict(), model_config={**plain.model_config, "quantization": done.applied}
    )


@pytest.fixture(scope="module", params=["int8wo", "int4wo"])
def files(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param)
    found = Exported(root / "best.pt", root / "model.onnx", root / "model.onnx.meta.json", root / "val.json")
    write_checkpoint(found.checkpoint, quantized_checkpoint(request.param))
    export_onnx(found.checkpoint, onnx_path=found.onnx, meta_path=found.meta, opset=OPSET)
    write_images(root / "data", cameras=True).write(found.index_path)
    return found


def test_the_file_computes_what_the_quantized_detector_computes(files):
    network, detector = OnnxNetwork(files.onnx, threads=1), detector_from(read_checkpoint(files.checkpoint))
    images = np.random.default_rng(0).random((2, 3, 64, 96), dtype=np.float32)
    outputs = network(images)
    with torch.inference_mode():
        expected = detector(torch.from_numpy(images)).named()
    for name, values in outputs.items():
        in_px = name in ("pred_offsets", "pred_k_delta")
        assert values == pytest.approx(expected[name].numpy(), abs=1e-3 if in_px else 1e-5), name


def test_the_parity_gate_passes_on_pictures(files):
    report = check_parity(
        files.checkpoint,
        files.onnx,
        files.index,
        thresholds=Thresholds(score_atol=1e-5, bbox_atol=1e-5, rot_deg=0.01, t_mm=0.05),
        policy="fail",
        images=3,
        progress=SilentProgress(),
    )
    assert report.passed, report.reason
