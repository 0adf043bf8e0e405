"""The memory of a training of all weights beside that of adapters on a whole, an 8-bit and a 4-bit base.

    python benchmarks/qlora_memory.py [--size 320] [--batch 4] [--steps 3] [--rank 8] [--amp none] [--device cpu]
                                      [--contract FILE]

Each training is a process of its own that takes a few steps of AdamW with a moving average on random pictures and
objects. Printed are the bytes that its weights, gradients, optimizer and average hold (tensors that are shared count
once), the size of its last.pt, the peak of its resident memory above that of the process before there was a detector,
and the median step. Activations are the rest of that peak: few bits make weights smaller, not activations. Convolutions
stay whole, so that a convolutional backbone profits little; the bytes of the linear layers are printed, too.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

HERE = Path(__file__).parents[1]
CONTRACT = HERE / "configs/examples/rtdetr_r50vd.yaml"
KINDS = {
    "all weights": {},
    "adapters": {"lora_r": None},
    "adapters, int8wo": {"lora_r": None, "torchao_quant": "int8wo"},
    "adapters, int4wo (qlora)": {"lora_r": None, "qlora": True},
}
MIB = 2**20
CLASSES = 80


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--amp", choices=["none", "bf16"], default="none")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--target", default="all_linear")
    parser.add_argument("--contract", type=Path, default=CONTRACT)
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.kind is not None:
        print(json.dumps(measured(options)))
        return
    words = [word for word in sys.argv[1:] if word]
    print(
        f"{options.contract.stem}, {options.batch} images of {options.size} px, rank {options.rank}, {options.target}"
    )
    print(f"{'':26}{'weights':>9}{'gradients':>11}{'optimizer':>11}{'average':>9}{'file':>9}{'peak':>9}{'step':>9}")
    for kind in KINDS:
        done = subprocess.run(
            [sys.executable, __file__, *words, "--kind", kind], check=True, stdout=subprocess.PIPE, cwd=HERE
        )
        row = json.loads(done.stdout.splitlines()[-1])
        sizes = "".join(f"{row[name] / MIB:{width - 2}.1f} M" for name, width in SIZES.items())
        print(f"{kind:26}{sizes}{row['seconds']:7.2f} s")
        print(f"  {row['trainable']:,} of {row['numbers']:,} numbers train; {row['said']}")


SIZES = {"weights": 9, "gradients": 11, "optimizer": 11, "average": 9, "file": 9, "peak": 9}


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """One training, in this process."""
    import torch

    from yolozu.contract.loader import load_contract
    from yolozu.contract.overrides import parse_assignments
    from yolozu.contract.sections.trained_model import with_additions
    from yolozu.data.collate import Batch
    from yolozu.data.preprocess import Preprocess
    from yolozu.model.detector import build_detector
    from yolozu.training.config import TrainingConfig, build_criterion, build_learner
    from yolozu.training.quantized_base import quantize_base
    from yolozu.training.trainable import trainable_of

    keys = {key: options.rank if value is None else value for key, value in KINDS[options.kind].items()}
    keys |= {"lora_target": options.target} if keys else {}
    words = [f"{key}={json.dumps(value).strip(chr(34))}" for key, value in keys.items()]
    fixed = [
        "dataset_root=synthetic",
        "max_steps=1000",
        "use_ema=true",
        f"amp={options.amp}",
        f"device={options.device}",
        "ddp=false",
    ]
    contract = load_contract(options.contract, parse_assignments([*fixed, *words])).contract
    torch.manual_seed(0)
    torch.nn.Linear(4, 4)(torch.zeros(1, 4)).sum().backward()  # what torch itself needs is there before
    before = peak_bytes()
    config = with_additions(contract.model.model, contract.mim, contract.lora)
    detector = build_detector(config, num_classes=CLASSES)
    asked = contract.quantization
    base = quantize_base(detector, config, scheme=asked.scheme, required=True)
    sections = {name: getattr(contract, name) for name in ("optim", "schedule", "length", "loop", "operations", "lora")}
    learner = build_learner(
        TrainingConfig(seed=0, device=options.device, **sections),
        detector,
        build_criterion(contract.matching, contract.losses),
        preprocess=Preprocess(options.size, options.size, 114),
        total_steps=1000,
    )
    pixels = torch.randint(0, 255, (options.batch, 3, options.size, options.size), dtype=torch.uint8)
    batch = Batch(pixels, targets(options.batch), [], list(range(options.batch)))
    seconds = []
    for step in range(options.steps):
        start = time.perf_counter()
        learner.learn([batch], step)
        seconds.append(time.perf_counter() - start)
    peak = peak_bytes() - before if options.device == "cpu" else torch.cuda.max_memory_allocated()
    weights, average = learner.weights()
    assert average is not None
    shared = {tensor.data_ptr() for tensor in weights.values()}
    found = trainable_of(detector)
    held = learner.record().tensors
    return {
        "weights": bytes_of(weights.values()),
        "gradients": bytes_of(own.grad for own in detector.parameters() if own.grad is not None),
        "optimizer": bytes_of(held.values()),
        "average": bytes_of(tensor for tensor in average.values() if tensor.data_ptr() not in shared),
        "file": file_size(weights, average, held),
        "peak": peak,
        "seconds": statistics.median(seconds),
        "trainable": found.parameters,
        "numbers": found.of,
        "said": base.lines[0] if base.lines else "nothing is quantized",
    }


def targets(images: int) -> Any:
    """Six objects of random sizes in each image."""
    import torch

    from yolozu.structures.targets import Targets

    generator = torch.Generator().manual_seed(0)
    sides = torch.rand(images, 6, 2, generator=generator) * 0.4 + 0.05
    centers = sides / 2 + torch.rand(images, 6, 2, generator=generator) * (1 - sides)
    labels = torch.randint(0, CLASSES, (images, 6), generator=generator)
    return Targets(labels, torch.cat([centers, sides], dim=2), torch.ones(images, 6, dtype=torch.bool))


def bytes_of(tensors: Iterable[Tensor]) -> int:
    return sum({tensor.data_ptr(): tensor.nbytes for tensor in tensors}.values())


def file_size(weights: dict[str, Tensor], average: dict[str, Tensor], held: dict[str, Tensor]) -> int:
    """Of a checkpoint to go on from."""
    from yolozu.artifacts.checkpoint import Checkpoint, TrainingRecord, write_checkpoint
    from yolozu.structures.classes import ClassTable

    classes = ClassTable(tuple(str(index) for index in range(CLASSES)), tuple(range(CLASSES)))
    record = TrainingRecord({}, held)
    checkpoint = Checkpoint({}, classes, {}, weights, average, "ema", "", 0, 0, {}, training_state=record)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "last.pt"
        write_checkpoint(path, checkpoint)
        return path.stat().st_size


def peak_bytes() -> int:
    """Largest resident memory of this process until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
