"""Prediction and adaptation at test time."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from benchmarks import train_step
from benchmarks.gpu.row import NotHereError, Outcome, Place
from yolozu.artifacts.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from yolozu.artifacts.parity_report import Thresholds
from yolozu.contract.sections.predict import TttSection
from yolozu.contract.sections.ttt_presets import method_of
from yolozu.data.preprocess import Preprocess
from yolozu.export.comparison import Pair
from yolozu.export.onnx import export_onnx
from yolozu.export.poses import InputCamera
from yolozu.export.selection import SelectionProbe
from yolozu.export.verdict import shortcomings
from yolozu.model.detector import build_detector
from yolozu.model.loading import detector_from
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.model.onnx_runtime import PROVIDERS, onnx_runtime
from yolozu.predict.ttt.adaptation import Adaptation
from yolozu.predict.ttt.registry import TTT_METHODS
from yolozu.predict.ttt.settings import TttSettings
from yolozu.structures.classes import ClassTable
from yolozu.system import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THRESHOLDS = Thresholds(score_atol=1e-3, bbox_atol=1e-3, rot_deg=0.5, t_mm=1.0)


def checkpoint_in(place: Place, size: int) -> Path:
    """A detector nobody has trained, as a file."""
    path = place.directory / f"untrained{size}.pt"
    classes = ClassTable(tuple(map(str, range(train_step.CLASSES))), tuple(range(train_step.CLASSES)))
    torch.manual_seed(0)
    detector = build_detector(train_step.MODEL, num_classes=train_step.CLASSES)
    config, inputs = train_step.MODEL.model_dump(mode="json"), Preprocess(size, size, 114).to_json()
    write_checkpoint(path, Checkpoint(config, classes, inputs, detector.state_dict(), None, "model", "", 0, 0, {}))
    return path


def pictures_in(place: Place, count: int, size: int) -> list[Path]:
    """JPEG pictures of a gradient and noise, which are as much work as photos."""
    generator, paths = np.random.default_rng(0), []
    ramp = np.linspace(0, 200, size)[None, :, None]
    for number in range(count):
        path = place.directory / f"{number:04}.jpg"
        pixels = ramp + generator.integers(0, 55, (size, size, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(path, quality=90)
        paths.append(path)
    return paths


def pictures(place: Place) -> Outcome:
    """Images a second from files to detections, and their scores beside the CPU's."""
    import yolozu

    size, count = (160, 4) if place.rehearses else (640, 512)
    path, paths = checkpoint_in(place, size), pictures_in(place, count, size)
    outcome, scores = Outcome(), {}
    for device in dict.fromkeys((place.device, "cpu")):
        model = yolozu.load(path, device=device, batch_size=16, score_threshold=0.0)
        with torch.backends.cudnn.flags(allow_tf32=False):
            scores[device] = np.stack([np.sort(one.scores) for one in model.predict(paths[:4])])
        if device == place.device:
            seconds = place.seconds(lambda model=model: list(model.predict(paths)))
    apart = float(np.abs(scores[place.device] - scores["cpu"]).max())
    outcome.numbers |= {"images_per_s": count / seconds, "score_apart": apart}
    outcome.figures.append(f"{count / seconds:.0f} images/s from JPEG files of {size} px, {available_cores()} cores")
    outcome.check(apart < 1e-3, f"scores are the CPU's within 1e-3 (apart by {apart:.1e})")
    return outcome


def network(place: Place) -> Outcome:
    """The network alone: eager in float32 and bf16, and as a CUDA graph of one shape."""
    outcome, size = Outcome(), 160 if place.rehearses else 640
    detector = detector_from(read_checkpoint(checkpoint_in(place, size))).to(place.device).eval()
    for batch in (1, 16):
        images = torch.rand(batch, 3, size, size).to(place.device)

        def eager(amp: Any = None, images: torch.Tensor = images) -> dict[str, torch.Tensor]:
            with torch.inference_mode(), nullcontext() if amp is None else torch.autocast(place.device, dtype=amp):
                return detector(images).named()

        runs: dict[str, Callable[[], object]] = {"float32": eager, "bf16": lambda eager=eager: eager(torch.bfloat16)}
        if not place.rehearses:
            runs["float32 graph"] = replay = graph_of(eager)
            expected, given = eager(), replay()
            apart = max(float((given[name] - value).abs().max()) for name, value in expected.items())
            outcome.check(apart < 1e-4, f"batch {batch}: the graph gives the eager outputs (apart by {apart:.1e})")
        for name, seconds in place.in_turns(runs, rounds=15).items():
            outcome.figures.append(f"batch {batch}, {name}: {seconds * 1e3:.2f} ms, {batch / seconds:.0f} images/s")
            outcome.numbers[f"{batch} {name}"] = seconds
    return outcome


def graph_of(compute: Callable[[], dict[str, torch.Tensor]]) -> Callable[[], dict[str, torch.Tensor]]:
    """The same as one launch; fails where the network waits for the device or copies from the host."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            compute()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = compute()

    def replayed() -> dict[str, torch.Tensor]:
        graph.replay()
        return outputs

    return replayed


def parity(place: Place) -> Outcome:
    """The exported file in ONNX Runtime on the device beside torch on the CPU, with the gate's thresholds."""
    provider, available = PROVIDERS[place.device], onnx_runtime().get_available_providers()
    if provider not in available:
        raise NotHereError(f"ONNX Runtime {onnx_runtime().__version__} has no {provider}; install onnxruntime-gpu")
    size, threads = 160, available_cores()
    path, onnx = checkpoint_in(place, size), place.directory / "model.onnx"
    export_onnx(path, onnx_path=onnx, meta_path=place.directory / "model.json", opset=18)
    exported = OnnxNetwork(onnx, device=place.device, threads=threads)
    pair = Pair(detector_from(read_checkpoint(path)), exported, SelectionProbe(onnx, threads=threads), THRESHOLDS)
    images = torch.rand(4, 3, size, size, generator=torch.Generator().manual_seed(0)).numpy()
    compared = pair.compare(images, [str(number) for number in range(4)], [InputCamera.stand_in(size, size)] * 4)
    failures = shortcomings(compared, THRESHOLDS)
    seconds = place.seconds(lambda: exported(images), repeats=5)
    figures = [f"{', '.join(exported.providers)}: {seconds * 1e3:.1f} ms for 4 images of {size} px"]
    return Outcome(figures, {"seconds": seconds}, failures)


def test_time_training(place: Place) -> Outcome:
    """A step of adaptation, the CPU's loss, and weights that are what they were, to the bit, afterwards."""
    outcome, size = Outcome(), 160 if place.rehearses else 640
    for preset in ("safe", "adapter_only"):
        losses = {}
        section = TttSection(ttt=True, ttt_preset=preset)
        settings = TttSettings.from_section(section, TTT_METHODS.load(method_of(section)).defaults)
        for device in dict.fromkeys(("cpu", place.device)):
            network = detector_from(read_checkpoint(checkpoint_in(place, size))).to(device)
            images = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(device)
            before = {name: value.clone() for name, value in network.state_dict().items()}
            with torch.backends.cudnn.flags(allow_tf32=False), Adaptation(network, settings) as adaptation:
                losses[device] = adaptation.adapt(images, ["picture"]).steps[0].loss
                adaptation.reset()
                if device == place.device:
                    seconds = place.seconds(lambda own=adaptation, images=images: adapt_once(own, images), repeats=3)
            after = network.state_dict()
        outcome.check(all(map(torch.equal, before.values(), after.values())), f"{preset}: weights are back, to the bit")
        apart = abs(losses["cpu"] - losses[place.device])
        outcome.check(apart <= 1e-3 * abs(losses["cpu"]), f"{preset}: the CPU's loss within 0.1 %")
        outcome.figures.append(f"{preset}: {seconds * 1e3:.1f} ms a picture of {size} px")
        outcome.numbers[preset] = {"seconds": seconds, "losses": losses}
    return outcome


def adapt_once(adaptation: Adaptation, images: torch.Tensor) -> None:
    adaptation.adapt(images, ["picture"])
    adaptation.reset()
