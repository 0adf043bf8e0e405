"""A training step of two processes: gradients added up during the backward pass, beside adding them up behind it.

    python -m benchmarks.gradient_buckets [--rounds 9] [--models small large] [--size 320] [--network-mbit 1000]

Two processes of one thread each, on one machine, over gloo. Both kinds of a step are taken in turns by the same
processes, so that whatever else the machine does meets both; what counts is the ratio of the two in each round, of
which the median and the quartiles are printed. Where both processes share the cores with the threads that carry
gradients, only waiting can overlap. `--network-mbit` adds the waiting of a network of that speed to every bucket, as
a pause of what waits for its end; without it, gradients travel through this machine's memory.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import statistics
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.train_step import CLASSES, MODEL, targets
from yolozu.contract.sections.losses import LossSection
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.train import LoopSection
from yolozu.data.collate import Batch
from yolozu.data.preprocess import Preprocess
from yolozu.model.detector import build_detector
from yolozu.structures.targets import Targets
from yolozu.training.config import TrainingConfig, build_criterion, build_learner
from yolozu.training.distributed import Group, joined

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

PROCESSES = 2
WARM_UP = 2
MODELS = {
    "small": ModelConfig.model_validate({**MODEL.model_dump(), "num_queries": 100}),
    "large": ModelConfig.model_validate(
        {"backbone": {"name": "resnet50_vd", "norm": "frozenbn"}, "encoder": {"expansion": 1.0}, "num_queries": 100}
    ),
}


class SlowNetwork:
    """A group whose sums end no sooner than one connection of a given speed could have carried them, one by one."""

    def __init__(self, group: Group, mbit_per_s: float) -> None:
        self._start_sum, self._bytes_per_s = group.start_sum, mbit_per_s * 1e6 / 8
        self._wire = ThreadPoolExecutor(1)

    def start_sum(self, tensor: torch.Tensor) -> Callable[[], None]:
        """As the group does; what waits for it waits for the network, too."""
        wait = self._start_sum(tensor)
        carried: Future[None] = self._wire.submit(time.sleep, tensor.nbytes / self._bytes_per_s)

        def both() -> None:
            wait()
            carried.result()

        return both


def steps(group: Group, options: argparse.Namespace, model: str) -> dict[str, Any]:
    """Seconds of each kind of step, in turns; and what travels."""
    if options.network_mbit is not None:
        group.start_sum = SlowNetwork(group, options.network_mbit).start_sum  # type: ignore[method-assign]
    torch.manual_seed(0)
    config = TrainingConfig(
        seed=0,
        device="cpu",
        optim=OptimSection(),
        schedule=ScheduleSection(),
        length=LengthSection(),
        loop=LoopSection(),
        operations=OperationsSection(),
    )
    learner = build_learner(
        config,
        build_detector(MODELS[model], num_classes=CLASSES),
        build_criterion(MatchingSection(), LossSection()),
        preprocess=Preprocess(options.size, options.size, 114),
        total_steps=1000,
        processes=group,
    )
    whole, count = targets(), options.images
    own = Targets(whole.labels_BT[:count], whole.boxes_BT4[:count], whole.valid_BT[:count])
    pixels = torch.randint(0, 255, (count, options.size, options.size, 3), dtype=torch.uint8)
    batch = Batch(pixels.permute(0, 3, 1, 2), own, [], list(range(count)))
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(WARM_UP + options.rounds):
        for overlapping in (number % 2 == 0, number % 2 == 1):  # neither is always the first
            learner.gradients.overlapping = overlapping
            group.any(False)  # both begin together
            began = time.perf_counter()
            learner.learn([batch], 2 * number)
            if number >= WARM_UP:
                taken[overlapping].append(time.perf_counter() - began)
    return {"taken": taken, "numbers": sum(entry.numel() for entry in learner.parameters().values())}


def member(options: argparse.Namespace, model: str, environment: dict[str, str], end: Connection) -> None:
    """One of the processes."""
    torch.set_num_threads(1)
    os.environ |= environment
    with joined("cpu") as (group, _):
        end.send(steps(group, options, model))


def together(options: argparse.Namespace, model: str) -> dict[str, Any]:
    """What the first of the processes has measured."""
    context = multiprocessing.get_context("spawn")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    receive, send = context.Pipe(duplex=False)
    members = []
    for rank in range(PROCESSES):
        environment = {"RANK": str(rank), "WORLD_SIZE": str(PROCESSES), "MASTER_ADDR": "127.0.0.1"}
        environment |= {"MASTER_PORT": port, "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": str(PROCESSES)}
        _, unheard = context.Pipe(duplex=False)
        members.append(context.Process(target=member, args=(options, model, environment, unheard if rank else send)))
    for process in members:
        process.start()
    send.close()
    try:
        found: dict[str, Any] = receive.recv()
    except EOFError:
        raise SystemExit(f"{model}: a process has failed") from None
    for process in members:
        process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--size", type=int, default=320, help="px of a side")
    parser.add_argument("--images", type=int, default=2, choices=range(1, 5), help="of each process in a step")
    parser.add_argument("--network-mbit", type=float, help="speed of a network between the processes; none otherwise")
    options = parser.parse_args()
    network = "" if options.network_mbit is None else f", a network of {options.network_mbit:g} Mbit/s"
    print(f"{PROCESSES} processes over gloo, {options.images} images of {options.size} px each{network}")
    print(f"{'model':8}{'MB':>8}{'behind s':>11}{'during s':>11}{'ratio':>8}{'quartiles':>16}")
    for model in options.models:
        found = together(options, model)
        during, behind = found["taken"][True], found["taken"][False]
        ratios = [one / other for one, other in zip(during, behind, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        print(
            f"{model:8}{found['numbers'] * 4 / 1e6:8.1f}{statistics.median(behind):11.3f}"
            f"{statistics.median(during):11.3f}{middle:8.3f}{f'{low:.3f} to {high:.3f}':>16}",
            flush=True,
        )


if __name__ == "__main__":
    main()
