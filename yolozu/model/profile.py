"""What a detector costs: parameters, floating-point operations, time."""

from __future__ import annotations

import statistics
import time
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from yolozu.model.quantized_linear import count_numbers

WARM_UP = 3
"""Runs that are not measured: they choose kernels and fill caches."""
RUNS = 20


@dataclass(frozen=True)
class Part:
    """A part of the detector.

    Attributes:
        name: its attribute in the detector.
        parameters: numbers in its parameters.
        trainable: those of them that training moves.
        flops: of one inference of one image; 0 where inference leaves the part out.
    """

    name: str
    parameters: int
    trainable: int
    flops: int


@dataclass(frozen=True)
class Profile:
    """A detector at one image size, part by part in the order of the data."""

    height: int
    width: int
    parts: tuple[Part, ...]

    @property
    def total(self) -> Part:
        """All parts together."""
        return Part(
            "total",
            sum(part.parameters for part in self.parts),
            sum(part.trainable for part in self.parts),
            sum(part.flops for part in self.parts),
        )


@dataclass(frozen=True)
class Latency:
    """How long an inference takes.

    Attributes:
        seconds: median of the measured runs.
        batch_size: images of a run.
        runs: measured runs.
        warm_up: runs before them.
        device: where.
        threads: of torch within an operation on the CPU.
    """

    seconds: float
    batch_size: int
    runs: int
    warm_up: int
    device: str
    threads: int


def profile_of(detector: nn.Module, *, height: int, width: int) -> Profile:
    """Parameters and FLOPs of ``detector`` by part. Nothing is computed: shapes alone decide.

    A multiply-add counts as 2. Counted are convolutions and matrix products, attention's included; not counted are
    bilinear sampling, normalizations, activations and additions, which are a percent or two.

    Args:
        detector: stays as it is.
        height: of the network input in px, a multiple of 32.
        width: likewise.

    Raises:
        InputError: YZ401 or YZ402, the detector cannot take such images.
    """
    shapes = deepcopy(detector).to("meta").eval()
    # On the meta device attention is spelled out as matrix products; the CPU's fused kernel would not be counted.
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        shapes(torch.empty(1, 3, height, width, device="meta"))
    counted = counter.get_flop_counts()
    root = type(shapes).__name__
    parts = tuple(
        Part(
            name,
            count_numbers(module),
            count_numbers(module, learning=True),
            sum(counted.get(f"{root}.{name}", {}).values()),
        )
        for name, module in shapes.named_children()
    )
    profile = Profile(height, width, parts)
    assert profile.total.flops == counter.get_total_flops(), "a part of the detector that is no module"
    return profile


def latency_of(
    detector: nn.Module, *, height: int, width: int, batch_size: int, device: torch.device, runs: int = RUNS
) -> Latency:
    """Median time of an inference of ``batch_size`` images in eval mode, preprocessing and decoding left out.

    Args:
        detector: is moved to ``device``.
        height: of the network input in px, a multiple of 32.
        width: likewise.
        batch_size: images at once.
        device: where to measure.
        runs: measured runs.

    Raises:
        InputError: YZ401 or YZ402, the detector cannot take such images.
    """
    detector = detector.to(device).eval()
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(batch_size, 3, height, width, generator=generator).to(device)
    seconds = []
    with torch.inference_mode():
        for _ in range(WARM_UP + runs):
            start = time.perf_counter()
            detector(images)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            seconds.append(time.perf_counter() - start)
    return Latency(
        statistics.median(seconds[WARM_UP:]), batch_size, runs, WARM_UP, str(device), torch.get_num_threads()
    )
