"""Adapters beside a base in few bits."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

from benchmarks.gpu.row import NotHereError, Outcome, Place
from yolozu.model.linear import Linear
from yolozu.model.quantization import quantize

MIB = 2**20
QLORA = Path(__file__).parents[1] / "qlora_memory.py"


def need_torchao() -> None:
    try:
        import torchao  # noqa: F401 - whether it is there
    except ImportError as error:
        raise NotHereError(f"{error}; install yolozu[torchao]") from error


def qlora(place: Place) -> Outcome:
    """RT-DETR-R50 in bf16: all weights, adapters, and adapters beside 4 bits."""
    need_torchao()
    outcome = Outcome()
    size, batch, steps = ("160", "1", "1") if place.rehearses else ("640", "8", "8")
    fixed = ["--size", size, "--batch", batch, "--steps", steps, "--amp", "bf16", "--device", place.device]
    if place.rehearses:
        fixed += ["--contract", str(QLORA.parents[1] / "configs/examples/rtdetr_r18vd.yaml")]
    for kind in ("all weights", "adapters", "adapters, int4wo (qlora)"):
        command = [sys.executable, str(QLORA), *fixed, "--kind", kind]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            outcome.failures.append(f"{kind}: {' '.join(done.stderr.splitlines()[-1:])}")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        outcome.numbers[kind] = found
        held = sum(found[name] for name in ("weights", "gradients", "optimizer", "average")) / MIB
        outcome.figures.append(
            f"{kind}: peak {found['peak'] / MIB:.0f} MiB, held {held:.0f} MiB, {found['seconds'] * 1e3:.1f} ms"
        )
    return outcome


def layers(place: Place) -> Outcome:
    """A linear layer of 4096 x 4096 in bf16: whole, in our 4 bits, in torchao's; and the CPU's codes."""
    need_torchao()
    outcome, width = Outcome(), 256 if place.rehearses else 4096
    torch.manual_seed(0)
    plain = nn.ModuleDict({"layer": Linear(width, width)})
    codes = []
    for device in dict.fromkeys(("cpu", place.device)):
        network = copy.deepcopy(plain).to(device)
        quantize(network, "int4wo")
        codes.append([value.cpu() for value in network.state_dict().values()])
    outcome.check(all(map(torch.equal, codes[0], codes[-1])), "codes and scales are the CPU's")
    kinds = {"whole": copy.deepcopy(plain).to(place.device, torch.bfloat16), "our 4 bits": network}
    try:
        from torchao.quantization import Int4WeightOnlyConfig, quantize_

        theirs = nn.ModuleDict({"layer": nn.Linear(width, width)}).to(place.device, torch.bfloat16)
        quantize_(theirs, Int4WeightOnlyConfig(group_size=32))
        kinds["torchao's 4 bits"] = theirs
    except Exception as error:  # noqa: BLE001 - which kernels it finds here is what is asked
        outcome.figures.append(f"torchao's Int4WeightOnlyConfig does not run here: {str(error).splitlines()[0]}")
    values = torch.rand(1200, width).to(place.device, torch.bfloat16)

    def forward(network: nn.Module) -> None:
        with torch.no_grad(), torch.autocast(place.device, dtype=torch.bfloat16):
            network["layer"](values)  # type: ignore[index]

    taken = place.in_turns({name: lambda own=own: forward(own) for name, own in kinds.items()}, rounds=20)
    outcome.figures += [f"{name}: {seconds * 1e6:.0f} us" for name, seconds in taken.items()]
    outcome.numbers |= taken
    return outcome
