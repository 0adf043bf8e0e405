"""Means of durations."""

import pytest
import torch

from yolozu.training import throughput as module
from yolozu.training.metrics_log import MEASURED
from yolozu.training.throughput import Throughput


def test_means_since_the_last_reading(monkeypatch):
    clock = iter([0.0, 0.0, 1.0, 4.0, 4.0, 7.0, 12.0, 20.0, 21.0, 22.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    throughput = Throughput(torch.device("cpu"))
    for images in (8, 4):
        throughput.start()
        throughput.loaded()
        throughput.stepped(images)
    first = throughput.read()
    assert first.pop("memory_mb") > 0
    assert first == {"data_time_s": 2.0, "step_time_s": 4.0, "images_per_s": pytest.approx(1.0)}
    throughput.start()
    throughput.loaded()
    throughput.stepped(2)
    assert throughput.read()["images_per_s"] == pytest.approx(1.0)


def test_all_of_it_is_marked_as_measured():
    throughput = Throughput(torch.device("cpu"))
    throughput.stepped(1)
    assert tuple(throughput.read()) == MEASURED
