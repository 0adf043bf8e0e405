"""A detector with a quantized base adapts by what is beside it."""

from importlib.util import find_spec

import pytest
import torch

from tests.predict.ttt.tiny import detector, images, same, settings, state_of
from yolozu.model.lora import attach_lora
from yolozu.model.quantization import quantize
from yolozu.model.quantized_linear import is_quantized_parameter
from yolozu.predict.ttt.adaptation import Adaptation

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("torchao") is None, reason="quantizes: pip install 'yolozu[torchao]'"),
]


@pytest.mark.parametrize("update_filter", ["all", "norm_only", "adapter_only"])
@pytest.mark.parametrize("method", ["tent", "mim"])
def test_codes_stay_while_others_adapt_and_all_come_back(method, update_filter):
    network = detector()
    attach_lora(network, rank=2, alpha=2.0)
    quantize(network, "int4wo")
    before = state_of(network)
    with Adaptation(network, settings(method=method, update_filter=update_filter, lr=0.01)) as adaptation:
        adaptation.adapt(images(), ["a"])
        there = state_of(network)
    moved = {name for name, value in there.items() if not torch.equal(value, before[name])}
    assert moved & set(adaptation.parameters)
    assert not any(is_quantized_parameter(name) for name in moved)
    assert same(state_of(network), before)
