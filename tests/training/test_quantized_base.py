"""The base of adapters in few bits, or whole with a warning."""

import sys
from importlib.util import find_spec

import pytest
import torch

from tests.model.tiny import CONFIG, tiny_detector
from yolozu.contract.sections.lora import QuantizationSection
from yolozu.contract.sections.trained_model import TrainedModelConfig
from yolozu.errors import UsageError
from yolozu.training.quantized_base import quantize_base

LORA = {"rank": 2, "alpha": 2.0, "target": "all_linear"}


def quantize_as_asked(detector, section):
    return quantize_base(detector, ARCHITECTURE, scheme=section.scheme, required=section.required)


ARCHITECTURE = TrainedModelConfig.model_validate({**CONFIG, "lora": LORA})
needs_torchao = pytest.mark.skipif(find_spec("torchao") is None, reason="quantizes: pip install 'yolozu[torchao]'")


@pytest.fixture
def detector():
    return tiny_detector(lora=LORA)


def test_nothing_is_done_where_nothing_is_asked_for(detector):
    names = list(detector.state_dict())
    done = quantize_as_asked(detector, QuantizationSection())
    assert (done.config, done.record, done.lines) == (ARCHITECTURE, None, ())
    assert list(detector.state_dict()) == names


@needs_torchao
@pytest.mark.slow
@pytest.mark.effect("torchao_quant", "qlora")
@pytest.mark.parametrize(
    ("section", "applied", "kind"),
    [
        (QuantizationSection(torchao_quant="int8wo"), "int8wo", torch.int8),
        (QuantizationSection(torchao_quant="int4wo"), "int4wo_intx", torch.uint8),
        (QuantizationSection(qlora=True), "int4wo_intx", torch.uint8),
    ],
)
def test_the_base_is_quantized_and_the_architecture_says_so(detector, section, applied, kind):
    done = quantize_as_asked(detector, section)
    assert done.config.quantization == applied
    assert done.config.lora == ARCHITECTURE.lora
    state = detector.state_dict()
    assert state["decoder.layers.0.self_attention.q_proj.base.weight.qdata"].dtype == kind
    assert state["decoder.layers.0.self_attention.q_proj.lora_down.weight"].dtype == torch.float32
    record = done.record
    assert (record.requested, record.applied) == (section.scheme, applied)
    assert record.bytes_after < record.bytes_before / 3
    held = [state[f"{name}.weight.{part}"].nbytes for name in record.layers for part in ("qdata", "scale")]
    assert sum(held) == record.bytes_after
    (line,) = done.lines
    assert line.startswith(f"quantized ({applied}): weights of {len(record.layers)} linear layers, ")


def test_without_torchao_weights_stay_whole_with_a_warning(detector, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    names = list(detector.state_dict())
    done = quantize_as_asked(detector, QuantizationSection(torchao_quant="int8wo"))
    assert done.config is ARCHITECTURE
    assert (done.record.requested, done.record.applied, done.record.layers) == ("int8wo", None, [])
    warning, fix = done.lines
    assert warning.startswith(
        "warning: torchao_quant: int8wo is not applied, and all weights stay whole: torchao, which quantizes weights, "
        "cannot be imported: "
    )
    assert fix == "  pip install 'yolozu[torchao]', or drop torchao_quant and qlora"
    assert list(detector.state_dict()) == names


@pytest.mark.effect("torchao_required", "qlora")
@pytest.mark.parametrize(
    "section",
    [QuantizationSection(torchao_quant="int8wo", torchao_required=True), QuantizationSection(qlora=True)],
    ids=["torchao_required", "qlora"],
)
def test_without_torchao_what_requires_it_is_refused(detector, monkeypatch, section):
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    with pytest.raises(UsageError, match="YZ475"):
        quantize_as_asked(detector, section)
