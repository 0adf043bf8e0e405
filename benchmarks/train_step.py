"""A training step of RT-DETR-R18 beside that of `transformers`, interleaved in one process.

    python benchmarks/train_step.py [--size 320] [--rounds 9] [--times-only] [--levers] [--plain-malloc]

A step is forward, loss, backward and optimizer on batches of 4 images with 80 classes and 4 to 12 objects each, two
threads, frozen batch statistics in the backbone. Ours also turns bytes into network input and measures the gradient's
norm. Prints median and fastest step, speed beside the peers in float32, operations, and the peak memory of each in a
process of its own. `--levers` takes away one of our measures at a time instead. All contenders run with the malloc
settings of our workers, unless `--plain-malloc` says otherwise; peak memory is always measured with those of each.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
import warnings
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import torch
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.train import LoopSection
from yolozu.data.collate import Batch
from yolozu.data.preprocess import Preprocess
from yolozu.engine.launchers.base import worker_environment
from yolozu.model import attention, deformable, linear
from yolozu.model.convolution import ConvNorm
from yolozu.model.detector import build_detector
from yolozu.structures.targets import Targets
from yolozu.training.config import TrainingConfig, build_criterion, build_learner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yolozu.training.learner import Learner

    Step = Callable[[], float]

THREADS = 2
OBJECTS = (7, 4, 12, 6)
CLASSES = 80
MODEL = ModelConfig.model_validate(
    {
        "backbone": {"name": "resnet18_vd", "norm": "frozenbn"},
        "encoder": {"expansion": 0.5},
        "decoder": {"num_layers": 3},
    }
)
WARM_UP = 2


def targets(repeats: int = 1) -> Targets:
    """The same objects for all contenders, in four images for each of ``repeats``."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.zeros(len(OBJECTS) * repeats, max(OBJECTS), dtype=torch.int64)
    boxes, valid = torch.zeros(*labels.shape, 4), torch.zeros(labels.shape, dtype=torch.bool)
    for image, count in enumerate(OBJECTS * repeats):
        sides = torch.rand(count, 2, generator=generator) * 0.4 + 0.05
        centers = sides / 2 + torch.rand(count, 2, generator=generator) * (1 - sides)
        labels[image, :count] = torch.randint(0, CLASSES, (count,), generator=generator)
        boxes[image, :count], valid[image, :count] = torch.cat([centers, sides], dim=1), True
    return Targets(labels, boxes, valid)


def ours(size: int, amp: str, *, winograd: bool = False) -> Step:
    """A step of our trainer."""
    learner, batch = our_training(size, {"amp": amp, "winograd": winograd})
    done = iter(range(1_000_000))
    return lambda: learner.learn([batch], next(done)).losses["total"]


def our_training(
    size: int, loop: dict[str, Any], *, device: str = "cpu", repeats: int = 1, model: ModelConfig = MODEL
) -> tuple[Learner, Batch]:
    """Our trainer, and the batch of every step.

    Args:
        size: side of the network input, px.
        loop: keys of the contract about the training loop.
        device: where it trains.
        repeats: four images for each.
        model: the architecture, without pose heads.
    """
    torch.manual_seed(0)
    config = TrainingConfig(
        seed=0,
        device=device,
        optim=OptimSection(),
        schedule=ScheduleSection(),
        length=LengthSection(),
        loop=LoopSection.model_validate(loop),
        operations=OperationsSection(),
    )
    learner = build_learner(
        config,
        build_detector(model, num_classes=CLASSES),
        build_criterion(MatchingSection(), LossSection()),
        preprocess=Preprocess(size, size, 114),
        total_steps=1000,
    )
    images = len(OBJECTS) * repeats
    pixels = torch.randint(0, 255, (images, size, size, 3), dtype=torch.uint8)
    return learner, Batch(pixels.permute(0, 3, 1, 2), targets(repeats), [], list(range(images)))


def peer(size: int, amp: str, *, version: int, device: str = "cpu", repeats: int = 1) -> Step:
    """A step of `RTDetrForObjectDetection` or `RTDetrV2ForObjectDetection`, of the same configuration."""
    import transformers

    torch.manual_seed(0)
    backbone = transformers.RTDetrResNetConfig(
        embedding_size=64,
        hidden_sizes=[64, 128, 256, 512],
        depths=[2, 2, 2, 2],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    options: dict[str, Any] = {
        "backbone_config": backbone,
        "encoder_in_channels": [128, 256, 512],
        "hidden_expansion": 0.5,
        "decoder_layers": 3,
        "num_labels": CLASSES,
    }
    if version == 1:
        model = transformers.RTDetrForObjectDetection(transformers.RTDetrConfig(**options)).train()
    else:
        model = transformers.RTDetrV2ForObjectDetection(transformers.RTDetrV2Config(**options)).train()
    model = model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    found = targets(repeats).to(device)
    labels = [
        {"class_labels": found.labels_BT[image, :count], "boxes": found.boxes_BT4[image, :count]}
        for image, count in enumerate(found.counts)
    ]
    pixels = torch.rand(len(labels), 3, size, size).to(device)

    def step() -> float:
        optimizer.zero_grad()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=amp == "bf16"):
            loss = model(pixel_values=pixels, labels=labels).loss
        loss.backward()
        optimizer.step()
        return float(loss)

    return step


CONTENDERS: dict[str, Callable[[int], Step]] = {
    "RT-DETR, float32": lambda size: peer(size, "none", version=1),
    "RT-DETRv2, float32": lambda size: peer(size, "none", version=2),
    "ours, float32": lambda size: ours(size, "none"),
    "ours, with winograd": lambda size: ours(size, "none", winograd=True),
    "RT-DETR, bf16": lambda size: peer(size, "bf16", version=1),
    "RT-DETRv2, bf16": lambda size: peer(size, "bf16", version=2),
    "ours, bf16": lambda size: ours(size, "bf16"),
}


@contextmanager
def channels_first() -> Iterator[None]:
    """Maps as (B, C, H, W) in memory."""
    with patch.object(torch, "channels_last", torch.contiguous_format):
        yield


@contextmanager
def unfused_adamw() -> Iterator[None]:
    """AdamW with one operation after another for each parameter."""
    fused = torch.optim.AdamW

    def plain(*arguments: Any, **options: Any) -> torch.optim.AdamW:
        return fused(*arguments, **{**options, "fused": False})

    with patch.object(torch.optim, "AdamW", plain):
        yield


def levels_at_once() -> AbstractContextManager[Any]:
    """Samples of all levels in one tensor before they are weighted."""
    own = deformable.DeformableAttention

    def forward(self: Any, queries: Any, boxes: Any, memory: Any, sizes: Any) -> Any:
        points = self._points(queries, boxes)
        values = self.value_proj(memory).transpose(1, 2).contiguous()
        values = values.view(len(points), -1, memory.shape[1])
        sampled = [
            F.grid_sample(part.view(*part.shape[:2], *sizes[level]), points[:, level], align_corners=False)
            for level, part in enumerate(values.split([height * width for height, width in sizes], dim=-1))
        ]
        gathered = (torch.cat(sampled, dim=2) * self._weights(queries)[:, None]).sum(dim=2)
        return self.output_proj(gathered.view(len(queries), -1, queries.shape[1]).transpose(1, 2))

    return patch.object(own, "forward", forward)


def fused_attention() -> AbstractContextManager[Any]:
    """PyTorch's kernel also for bfloat16."""

    def attend(queries: Any, keys: Any, values: Any, visible: Any, *, dropout: float) -> Any:
        return F.scaled_dot_product_attention(queries, keys, values, attn_mask=visible, dropout_p=dropout)

    return patch.object(attention, "attend", attend)


LEVERS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "all measures": nullcontext,
    "Linear as matrix product": lambda: patch.object(linear, "_prefers_convolution", lambda *_: False),
    "frozen norm by itself": lambda: patch.object(
        ConvNorm, "_normalized", lambda self, features: self.norm(self.conv(features))
    ),
    "samples of all levels at once": levels_at_once,
    "fused attention": fused_attention,
    "channels first": channels_first,
    "AdamW not fused": unfused_adamw,
}


class Operations(TorchDispatchMode):
    """Counts the operations that reach a backend."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        self.count += 1
        return function(*arguments, **({} if options is None else options))


def operations(step: Step) -> tuple[int, int]:
    """Of one step: operations that reach a backend, and events that the profiler records."""
    with Operations() as counted:
        step()
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        step()
    return counted.count, sum(entry.count for entry in recorded.key_averages())


def interleaved(steps: dict[str, Step], within: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every step, one contender after another in each round."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + WARM_UP):
        for name, step in steps.items():
            with within[name]():
                started = time.perf_counter()
                step()
                taken = time.perf_counter() - started
            if number >= WARM_UP:
                times[name].append(taken)
    return times


def highest_memory() -> float:
    """GB that this process has held at most; unlike `getrusage`, without what its parent held when it was started."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1e6


def peak_memory(name: str, size: int, *, plain: bool) -> float:
    """GB of a process that only trains this one."""
    environment = dict(os.environ) if plain else worker_environment(os.environ)
    command = [sys.executable, __file__, "--memory-of", name, "--size", str(size)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def compare(size: int, rounds: int, *, times_only: bool) -> None:
    """All contenders."""
    steps = {name: build(size) for name, build in CONTENDERS.items()}
    times = interleaved(steps, dict.fromkeys(steps, nullcontext), rounds)
    reference = times["RT-DETR, float32"]
    print(f"{size} px: {'median s':>18} {'fastest':>8} {'speed':>6} {'operations':>11} {'events':>7} {'peak GB':>8}")
    for name, taken in times.items():
        speed = statistics.median(other / own for other, own in zip(reference, taken, strict=True))
        if times_only:
            print(f"{name:<20} {statistics.median(taken):>6.3f} {min(taken):>8.3f} {speed:>6.2f}")
            continue
        count, events = operations(steps[name])
        memory = peak_memory(name, size, plain=not name.startswith("ours"))
        median = statistics.median(taken)
        print(f"{name:<20} {median:>6.3f} {min(taken):>8.3f} {speed:>6.2f} {count:>11} {events:>7} {memory:>8.2f}")


def levers(size: int, rounds: int) -> None:
    """What is lost without each of our measures."""
    for amp in ("none", "bf16"):
        steps = {}
        for name, without in LEVERS.items():
            with without():
                steps[name] = ours(size, amp)
        times = interleaved(steps, LEVERS, rounds)
        print(f"{size} px, amp {amp}:")
        for name, taken in times.items():
            slower = statistics.median(own / best for own, best in zip(taken, times["all measures"], strict=True))
            print(f"  {name:<30} {statistics.median(taken):>6.3f} s  {slower:>5.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times-only", action="store_true", help="neither count operations nor measure memory")
    parser.add_argument("--levers", action="store_true")
    parser.add_argument("--plain-malloc", action="store_true")
    parser.add_argument("--memory-of", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(THREADS)
    if options.memory_of is not None:
        step = CONTENDERS[options.memory_of](options.size)
        for _ in range(3):
            step()
        print(highest_memory())
        return
    wanted = worker_environment(os.environ)
    if not options.plain_malloc and wanted != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.argv], wanted)
    if options.levers:
        levers(options.size, options.rounds)
    else:
        compare(options.size, options.rounds, times_only=options.times_only)


if __name__ == "__main__":
    main()
