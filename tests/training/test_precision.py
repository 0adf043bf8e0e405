"""Mixed precision."""

import math

import pytest
import torch

from yolozu.errors import UsageError
from yolozu.training.precision import Precision

CPU = torch.device("cpu")


def test_fp16_on_the_cpu_is_refused():
    with pytest.raises(UsageError) as caught:
        Precision("fp16", CPU)
    assert str(caught.value) == (
        "amp: fp16 with device: cpu: YZ502 fp16 needs loss scaling, which only CUDA has\n"
        "  fix: set amp: bf16, which needs none, or device: cuda"
    )


@pytest.mark.parametrize(("amp", "dtype"), [("none", torch.float32), ("bf16", torch.bfloat16)])
def test_forward_passes_run_in_the_precision_asked_for(amp, dtype):
    precision = Precision(amp, CPU)
    layer = torch.nn.Linear(4, 4)
    with precision.autocast():
        assert layer(torch.ones(1, 4)).dtype == dtype
    assert not precision.skips_overflow
    assert precision.state() == {}


class ScalingOnTheCpu(Precision):
    """Loss scaling without the hardware that needs it."""

    def __init__(self):
        super().__init__("none", CPU)
        self._scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)


def step(precision, optimizer, parameter, factor):
    optimizer.zero_grad()
    precision.backward((parameter * factor).sum())
    precision.unscale(optimizer)
    gradient = parameter.grad.item()
    assert precision.step(optimizer) is math.isfinite(gradient)
    return gradient


def test_scaled_gradients_are_unscaled_an_overflow_is_skipped_and_the_scale_is_saved():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    precision = ScalingOnTheCpu()
    assert precision.skips_overflow
    assert step(precision, optimizer, parameter, 3.0) == 3.0
    assert parameter.item() == -3.0
    assert math.isinf(step(precision, optimizer, parameter, math.inf))
    assert parameter.item() == -3.0
    assert precision.state()["scale"] == 2.0
    for _ in range(2):
        step(precision, optimizer, parameter, 1.0)
    assert precision.state()["scale"] == 4.0

    other = ScalingOnTheCpu()
    other.load(precision.state())
    assert other.state() == precision.state()
