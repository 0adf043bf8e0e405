"""The command line on the device: a whole run, kills, and a group of one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from benchmarks.gpu.row import Outcome, Place
from benchmarks.verify_resume import CONTRACT
from yolozu.artifacts.checkpoint import read_checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parents[2]


def yolozu(place: Place, *words: str, allowed: Sequence[int] = (0,)) -> str:
    """What a command says on stdout.

    Raises:
        RuntimeError: it ended otherwise.
    """
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-m", "yolozu", *words]
    done = subprocess.run(command, cwd=place.directory, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        told = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        raise RuntimeError(f"yolozu {' '.join(words)}: exit {done.returncode}\n{told}")
    return done.stdout


def begin(place: Place) -> list[str]:
    """Scenes and a contract; the words that put it on the device and hold it to the same bits."""
    if not (place.directory / "exp.yaml").exists():
        yolozu(place, "data", "synth", "scenes", "--images", "40", "--val-images", "8", "--size", "96", "--seed", "1")
        (place.directory / "exp.yaml").write_text(CONTRACT, encoding="utf-8")
    steps = "4" if place.rehearses else "60"
    return ["exp.yaml", f"device={place.device}", "deterministic=true", f"max_steps={steps}", "val_every_steps=30"]


def whole_run(place: Place) -> Outcome:
    """Data, training, export, parity, predictions and evaluation; a second training has the same bits."""
    words, outcome = begin(place), Outcome()
    for run in ("first", "second"):
        started = time.monotonic()
        more = ["adapter=rtdetr_pose"] if run == "first" else ["train"]
        yolozu(place, "run", *words, *more, f"run_id={run}")
        outcome.figures.append(f"{run}: {time.monotonic() - started:.0f} s")
    outcome.check(same_weights(place, "first", "second"), "two runs train the same bits")
    return outcome


def same_weights(place: Place, *runs: str) -> bool:
    first, second = (read_checkpoint(place.directory / f"runs/{run}/checkpoints/best.pt").weights for run in runs)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def resume(place: Place) -> Outcome:
    """Killed at random moments, the training ends with the same bits."""
    words, outcome = begin(place), Outcome()
    kills, steps = ("1", "4") if place.rehearses else ("3", "60")
    for amp in ("none",) if place.rehearses else ("none", "bf16"):
        extent = ["--kills", kills, "--steps", steps]
        more = [f"amp={amp}", "use_ema=true", "num_workers=2"]
        told = yolozu(place, "verify-resume", *words, *more, *extent, "--json", allowed=(0, 1))
        result = json.loads(told)
        at = ", ".join(str(kill["step"]) for kill in result["kills"])
        outcome.check(result["equal"], f"amp {amp}: killed after steps {at}, the same bits")
        outcome.numbers[amp] = result
    return outcome


def one_process(place: Place) -> Outcome:
    """A group of one process (NCCL) trains what no group trains."""
    words, outcome = begin(place), Outcome()
    yolozu(place, "run", *words, "train", "run_id=plain")
    yolozu(place, "run", *words, "train", "run_id=group", "ddp=true", "nproc_per_node=1")
    outcome.check(same_weights(place, "plain", "group"), "the same bits with ddp: true")
    return outcome
