"""Training steps: how fast, beside whom, what they wait for, and whether their bits repeat."""

from __future__ import annotations

import traceback
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import torch

from benchmarks import train_step
from benchmarks.gpu.row import NotHereError, Outcome, Place
from yolozu.contract.sections.model import ModelConfig
from yolozu.data.preprocess import Preprocess, normalize_images
from yolozu.matching.hungarian import assign
from yolozu.model.backbones.registry import BACKBONES
from yolozu.model.detector import build_detector
from yolozu.system import available_cores
from yolozu.training.distributed import SINGLE_PROCESS
from yolozu.training.randomness import deterministic

if TYPE_CHECKING:
    from collections.abc import Callable

    from yolozu.data.collate import Batch
    from yolozu.training.learner import Learner

ROUNDS = 15
WAITS = 3
"""Places where a step may wait: for costs, to assign; for the losses' numbers; for the gradient's norm."""


def training(place: Place, loop: dict[str, Any], **changes: Any) -> tuple[Learner, Batch]:
    """16 images of 640 px, in pinned memory as the loader leaves them; small ones in a rehearsal."""
    size, repeats = (160, 1) if place.rehearses else (640, 4)
    learner, batch = train_step.our_training(size, loop, device=place.device, repeats=repeats, **changes)
    return learner, batch if place.rehearses else batch.pin_memory()


def our_step(place: Place, loop: dict[str, Any]) -> Callable[[], object]:
    learner, batch = training(place, loop)
    done = iter(range(1_000_000))
    return lambda: learner.learn([batch], next(done))


def their_step(place: Place, amp: str) -> Callable[[], object]:
    size, repeats = (160, 1) if place.rehearses else (640, 4)
    return train_step.peer(size, amp, version=1, device=place.device, repeats=repeats)


def speed(place: Place, amp: str) -> Outcome:
    """Ours beside `transformers`, and without channels last."""
    outcome, images = Outcome(), 4 if place.rehearses else 16
    builders: dict[str, Callable[[], Callable[[], object]]] = {"ours": lambda: our_step(place, {"amp": amp})}
    try:
        import transformers  # noqa: F401 - whether it is there

        builders["transformers"] = lambda: their_step(place, amp)
    except ImportError as error:
        outcome.figures.append(f"transformers is not here: {error}")
    steps, peaks = {}, {}
    for name, build in builders.items():

        def begun(name: str = name, build: Any = build) -> None:
            steps[name] = build()
            for _ in range(1 if place.rehearses else 3):
                steps[name]()

        peaks[name] = place.peak_mib(begun)
    with train_step.channels_first():
        first = our_step(place, {"amp": amp})

    def channels_first() -> None:
        with train_step.channels_first():
            first()

    steps["ours, channels first"] = channels_first
    for name, seconds in place.in_turns(steps, rounds=ROUNDS).items():
        memory = f", peak {peaks[name]:.0f} MiB" if name in peaks else ""
        outcome.figures.append(f"{name}: {images / seconds:.1f} images/s, {seconds * 1e3:.1f} ms a step{memory}")
        outcome.numbers[name] = {"images_per_s": images / seconds, "step_ms": seconds * 1e3, "mib": peaks.get(name)}
    return outcome


float32 = partial(speed, amp="none")
bfloat16 = partial(speed, amp="bf16")


def compiled(place: Place) -> Outcome:
    """`torch_compile: true` beside the eager step, in bf16."""
    if place.rehearses:
        raise NotHereError("compiling on the CPU takes minutes, and is tested elsewhere")
    eager, fused = our_step(place, {"amp": "bf16"}), our_step(place, {"amp": "bf16", "torch_compile": True})
    first = place.seconds(fused)
    taken = place.in_turns({"eager": eager, "compiled": fused}, rounds=ROUNDS)
    figures = [f"{name}: {seconds * 1e3:.1f} ms a step" for name, seconds in taken.items()]
    return Outcome([*figures, f"first compiled step: {first:.1f} s"], {**taken, "first": first})


def waiting(place: Place) -> Outcome:
    """Where a step makes the host wait for the device."""
    learner, batch = training(place, {"amp": "bf16"})
    for step in range(2):
        learner.learn([batch], step)
    places: list[str] = []

    def seen(message: Any, *_: Any, **__: Any) -> None:
        if "synchronizing" in str(message):
            frames = [frame for frame in traceback.extract_stack() if "/yolozu/" in frame.filename]
            places.append(f"{frames[-1].filename.rpartition('/yolozu/')[2]}: {frames[-1].line}")

    if not place.rehearses:
        with warnings.catch_warnings(), patch.object(warnings, "showwarning", seen):
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                learner.learn([batch], 2)
            finally:
                torch.cuda.set_sync_debug_mode("default")
    outcome = Outcome([f"waits at {where}" for where in places], {"waits": places})
    outcome.check(len(places) <= WAITS, f"at most {WAITS} waits a step")
    return outcome


def trained_twice(place: Place, loop: dict[str, Any], model: ModelConfig) -> list[dict[str, torch.Tensor]]:
    ends = []
    for _ in range(2):
        learner, batch = training(place, loop, model=model)
        for step in range(3):
            learner.learn([batch], step)
        ends.append({name: value.cpu().clone() for name, value in learner.weights()[0].items()})
    return ends


def repeated(place: Place) -> Outcome:
    """Two trainings of three steps end with the same bits under `deterministic: true`."""
    outcome = Outcome()
    with deterministic(True):
        for amp in ("none", "bf16"):
            first, second = trained_twice(place, {"amp": amp, "use_ema": True}, train_step.MODEL)
            differing = [name for name in first if not torch.equal(first[name], second[name])]
            outcome.check(not differing, f"amp {amp}: two trainings end with the same bits ({differing[:2]} differ)")
    held, free = (our_step(place, {"amp": "bf16"}) for _ in range(2))

    def held_step() -> None:
        with deterministic(True):
            held()

    taken = place.in_turns({"free": free, "deterministic": held_step}, rounds=ROUNDS)
    outcome.numbers |= taken
    outcome.figures += [f"{name}: {seconds * 1e3:.1f} ms a step" for name, seconds in taken.items()]
    return outcome


def backbones(place: Place) -> Outcome:
    """Every backbone's backward pass has a deterministic form, and gives the same bits twice."""
    outcome, images = Outcome(), torch.rand(2, 3, 64, 64)
    for name in BACKBONES:
        config = ModelConfig.model_validate({"backbone": {"name": name, "args": {"width_mult": 0.25}}})
        torch.manual_seed(0)
        network = build_detector(config, num_classes=2).backbone.to(place.device).train()
        pixels = images.to(place.device, memory_format=torch.channels_last)
        gradients = []
        try:
            with deterministic(True):
                for _ in range(2):
                    network.zero_grad()
                    torch.stack([level.square().mean() for level in network(pixels)]).sum().backward()
                    gradients.append([own.grad.clone() for own in network.parameters() if own.grad is not None])
        except RuntimeError as error:
            outcome.failures.append(f"{name}: {str(error).splitlines()[0]}")
            continue
        outcome.check(all(map(torch.equal, *gradients)), f"{name}: the same gradients twice")
    return outcome


def agreement(place: Place) -> Outcome:
    """The loss of one batch and its gradient on the device beside those of the CPU, in float32 without TF32."""
    outcome, found = Outcome(), {}
    for device in ("cpu", place.device):
        learner, batch = train_step.our_training(160, {"amp": "none"}, device=device)
        with torch.backends.cudnn.flags(allow_tf32=False):
            (share,) = learner.shares([batch], 0, SINGLE_PROCESS)
            total, _ = learner.losses_of(share, 0, 0, 0)
            total.backward()
        norm = torch.nn.utils.get_total_norm(
            [own.grad for own in learner.parameters().values() if own.grad is not None]
        )
        found[device] = float(total), float(norm)
    (loss, norm), (own_loss, own_norm) = found["cpu"], found[place.device]
    outcome.numbers |= {"loss": [loss, own_loss], "grad_norm": [norm, own_norm]}
    outcome.figures.append(f"loss {own_loss:.6f} (CPU {loss:.6f}), gradient {own_norm:.4f} (CPU {norm:.4f})")
    outcome.check(abs(own_loss - loss) < 1e-3 * loss, "the loss is the CPU's within 0.1 %")
    outcome.check(abs(own_norm - norm) < 1e-2 * norm, "the gradient's norm is the CPU's within 1 %")
    return outcome


def assignment(place: Place) -> Outcome:
    """Costs on the device, one transfer for all layers and images, scipy on the host: how long, and the same pairs."""
    outcome, images, cores = Outcome(), 16, available_cores()
    for objects in (7, 60, 200):
        cost = torch.rand(4, images, 300, objects, generator=torch.Generator().manual_seed(objects))
        there, counts = cost.to(place.device), [objects] * images
        torch.set_num_threads(1)
        pairs = zip(vars(assign(there, counts)).values(), vars(assign(cost, counts)).values(), strict=True)
        outcome.check(all(torch.equal(own.cpu(), other) for own, other in pairs), f"{objects} objects: the CPU's pairs")
        found = {"to_host_ms": place.seconds(lambda there=there: there.cpu(), repeats=5) * 1e3}
        for threads in dict.fromkeys((1, cores)):
            torch.set_num_threads(threads)
            taken = place.seconds(lambda there=there, counts=counts: assign(there, counts), repeats=5)
            found[f"assign_ms_{threads}"] = taken * 1e3
        outcome.numbers[str(objects)] = found
        outcome.figures.append(
            f"{objects} objects: {found['assign_ms_1']:.2f} ms with one thread, {found[f'assign_ms_{cores}']:.2f} ms "
            f"with {cores}; of these {found['to_host_ms']:.2f} ms to the host"
        )
    return outcome


def inputs(place: Place) -> Outcome:
    """Bytes travel, pinned and without waiting, and become the same numbers as on the CPU."""
    outcome = Outcome()
    _, batch = training(place, {"amp": "none"})
    plain = Preprocess(640, 640, 114)
    scaled = Preprocess(640, 640, 114, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    for preprocess in (plain, scaled):
        here = normalize_images(batch.images_B3HW, preprocess)
        there = normalize_images(batch.images_B3HW.to(place.device, non_blocking=True), preprocess)
        outcome.check(torch.equal(there.cpu(), here), f"mean {preprocess.mean}: the CPU's bits")
        outcome.check(there.is_contiguous(memory_format=torch.channels_last), "channels last")
    if not place.rehearses:
        pinned = [batch.images_B3HW, batch.targets.labels_BT, batch.targets.boxes_BT4, batch.targets.valid_BT]
        outcome.check(all(tensor.is_pinned() for tensor in pinned), "batches are pinned")
    paged, size = batch.images_B3HW.clone(), batch.images_B3HW.nbytes
    for name, tensor in {"pinned": batch.images_B3HW, "pageable": paged}.items():
        seconds = place.seconds(lambda tensor=tensor: tensor.to(place.device, non_blocking=True, copy=True), repeats=10)
        outcome.figures.append(f"{name}: {size / seconds / 1e9:.1f} GB/s")
        outcome.numbers[name] = size / seconds
    return outcome
