from __future__ import annotations

import pytest
import torch

from yolozu.errors import UsageError
from yolozu.model.device import device_named


def test_the_cpu_is_always_there():
    assert device_named("cpu") == torch.device("cpu")


@pytest.mark.parametrize(
    ("count", "has", "fix"),
    [
        (0, "no CUDA device", "set device: cpu"),
        (1, "1 CUDA device", "set device: cpu, or one of cuda:0 to cuda:0"),
        (2, "2 CUDA devices", "set device: cpu, or one of cuda:0 to cuda:1"),
    ],
)
def test_a_device_that_is_not_there_is_refused(monkeypatch, count, has, fix):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    with pytest.raises(UsageError) as refused:
        device_named("cuda:2")
    assert str(refused.value) == (
        f"device: cuda:2: YZ501 this machine has {has} that torch {torch.__version__} can use\n  fix: {fix}"
    )


def test_a_device_that_is_there_is_given(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device_named("cuda:1") == torch.device("cuda:1")
    assert device_named("cuda") == torch.device("cuda")


def test_torch_computes_on_no_more_threads_than_this_process_may_use_cores(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr("yolozu.model.device.compute_threads", lambda: 1)
    torch.set_num_threads(2)
    device_named("cpu")
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)
