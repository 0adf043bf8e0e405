"""Networks whose linear layers are quantized by torchao."""

import builtins
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch
from torch import nn

from tests.model.tiny import images, scattered, targets, tiny_detector
from yolozu.errors import InputError, UsageError
from yolozu.model.loading import load_exactly
from yolozu.model.quantization import GROUP, make_whole, quantize, quantize_hollow
from yolozu.model.quantized_linear import QuantizedLinear, is_quantized_parameter

SCHEMES = ["int8wo", "int4wo"]
pytestmark = [
    pytest.mark.slow,  # importing torchao takes seconds
    pytest.mark.skipif(find_spec("torchao") is None, reason="quantizes: pip install 'yolozu[torchao]'"),
]


class Network(nn.Module):
    """Two linear layers that both schemes take, one with too few inputs for groups, a convolution, an adapter."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(64, 32)
        self.second = nn.Sequential(nn.GELU(), nn.Linear(32, 4))
        self.narrow = nn.Linear(4, 32)
        self.conv = nn.Conv2d(4, 4, 1)
        self.lora_down = nn.Linear(64, 2, bias=False)
        self.reconstruction = nn.Sequential(nn.Linear(32, 32))

    def forward(self, values):
        return self.narrow(self.second(self.first(values) + self.lora_down(values).sum(dim=-1, keepdim=True)))


@pytest.mark.parametrize(("scheme", "applied"), [("int8wo", "int8wo"), ("int4wo", "int4wo_intx")])
def test_frozen_linear_layers_are_quantized_and_others_stay(scheme, applied):
    network = Network()
    done = quantize(network, scheme)
    assert done.applied == applied
    assert done.layers == (("first", "narrow", "second.1") if scheme == "int8wo" else ("first", "second.1"))
    kinds = {name for name, layer in network.named_modules() if isinstance(layer, QuantizedLinear)}
    assert kinds == set(done.layers)


@pytest.mark.parametrize(("scheme", "after"), [("int8wo", 1 + 4 / 64), ("int4wo", 0.5 + 4 / GROUP)])
def test_bytes_are_told_before_and_after(scheme, after):
    network = nn.Sequential(nn.Linear(64, 32))
    done = quantize(network, scheme)
    assert done.bytes_before == 64 * 32 * 4
    assert done.bytes_after == 64 * 32 * after


@pytest.mark.parametrize(("scheme", "largest"), [("int8wo", 0.005), ("int4wo", 0.08)])
def test_weights_are_those_of_torchao(scheme, largest):
    from torchao.quantization import Int8WeightOnlyConfig, IntxWeightOnlyConfig, PerGroup, quantize_

    ours, theirs, whole = (nn.Sequential(Network().first) for _ in range(3))
    quantize(ours, scheme)
    eight = Int8WeightOnlyConfig(set_inductor_config=False)
    quantize_(theirs, eight if scheme == "int8wo" else IntxWeightOnlyConfig(torch.int4, PerGroup(GROUP)))
    assert torch.equal(ours[0].weight(), theirs[0].weight.dequantize())
    values = torch.randn(8, 64)
    torch.testing.assert_close(ours(values), theirs(values))
    error = (ours[0].weight() - whole[0].weight).norm() / whole[0].weight.norm()
    assert 0.0 < error < largest


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_hollow_network_takes_the_tensors_exactly(scheme):
    network, hollow = Network(), Network()
    done = quantize(network, scheme)
    quantize_hollow(hollow, done.applied)
    state = network.state_dict()
    assert {name: (own.shape, own.dtype) for name, own in hollow.state_dict().items()} == {
        name: (own.shape, own.dtype) for name, own in state.items()
    }
    hollow.load_state_dict(state, strict=True)
    values = torch.randn(3, 64)
    assert torch.equal(hollow(values), network(values))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_made_whole_it_computes_the_same_from_plain_layers(scheme):
    network, values = Network(), torch.randn(3, 64)
    names = list(network.state_dict())
    quantize(network, scheme)
    before = network(values)
    make_whole(network)
    assert list(network.state_dict()) == names
    torch.testing.assert_close(network(values), before, rtol=0, atol=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_pass_to_what_learns_before_and_beside_it(scheme):
    network = Network()
    quantize(network, scheme)
    values = torch.randn(3, 64, requires_grad=True)
    network(values).square().sum().backward()
    assert values.grad.abs().sum() > 0
    assert network.lora_down.weight.grad.abs().sum() > 0


def test_every_linear_layer_of_a_detector_can_be_quantized_and_loaded():
    detector, pictures = tiny_detector().eval(), images()
    scattered(detector)
    done = quantize(detector, "int8wo")
    assert not [name for name, layer in detector.named_modules() if isinstance(layer, nn.Linear)]
    assert "decoder.layers.0.self_attention.q_proj" in done.layers
    loaded = tiny_detector(seed=1, quantization=done.applied).eval()
    load_exactly(loaded, detector.state_dict(), where="last.pt")
    outputs, again = detector(pictures).named(), loaded(pictures).named()
    assert all(torch.equal(outputs[name], again[name]) for name in outputs)


def test_a_quantized_detector_is_used_without_torchao(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchao", None)
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    outputs = tiny_detector(quantization="int4wo_intx").eval()(images()).named()
    assert outputs["pred_logits"].isfinite().all()


def test_tensors_of_another_scheme_are_refused():
    detector = tiny_detector()
    quantize(detector, "int8wo")
    with pytest.raises(InputError, match="YZ455"):
        load_exactly(tiny_detector(quantization="int4wo_intx"), detector.state_dict(), where="last.pt")
    with pytest.raises(InputError, match="YZ455"):
        load_exactly(tiny_detector(), detector.state_dict(), where="last.pt")


def test_a_quantized_detector_learns_beside_its_weights():
    detector = tiny_detector()
    quantize(detector, "int4wo")
    detector.train()
    output = detector(images(), targets(1, 2))
    output.queries["logits"].square().sum().backward()
    moved = [name for name, own in detector.named_parameters() if own.grad is not None and own.grad.abs().sum() > 0]
    assert any(name.startswith("backbone.") for name in moved)
    assert not any(is_quantized_parameter(name) for name in moved)


@pytest.mark.slow
def test_importing_torchao_says_nothing_and_silences_nobody():
    code = (
        "import logging, torch; from yolozu.model.quantization import quantize; "
        "quantize(torch.nn.Sequential(torch.nn.Linear(32, 2)), 'int4wo'); logging.warning('heard')"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "WARNING:root:heard\n")


def test_without_torchao_the_error_names_the_extra(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest, **keys):
        if name.partition(".")[0] == "torchao":
            raise ModuleNotFoundError("No module named 'torchao'")
        return real(name, *rest, **keys)

    monkeypatch.setattr(builtins, "__import__", missing)
    network = Network()
    with pytest.raises(UsageError) as caught:
        quantize(network, "int8wo")
    assert str(caught.value) == (
        "torchao_quant: YZ475 torchao, which quantizes weights, cannot be imported: No module named 'torchao'\n"
        "  fix: pip install 'yolozu[torchao]', or drop torchao_quant and qlora"
    )
    assert isinstance(network.first, nn.Linear), "nothing is half done"
