"""The short training that clusters are tried with: by the command line, in a directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from yolozu.paths import RunLayout

DISTURBED_AT = 22
READY_S = 120.0
CONTRACT = """\
config_version: 1
dataset_root: synthetic
seed: 0
device: cpu
ddp: false
amp: none
image_size: 96
synth_images: 16
synth_val_images: 8
synth_size: 96
model:
  backbone: {name: tiny_cnn}
  projector: {d_model: 64}
  encoder: {num_heads: 4, ffn_dim: 128, expansion: 0.5, fusion_blocks: 1}
  decoder: {num_layers: 2, num_heads: 4, ffn_dim: 128}
  denoising: {num_queries: 12}
  num_queries: 20
batch_size: 4
max_steps: 60
val_every_steps: 20
save_last_every: 5
scenarios: none
store: false
"""


class Training:
    """A training that was started.

    Attributes:
        process: the command.
        layout: its run.
    """

    def __init__(self, directory: Path, name: str, *words: str, environment: dict[str, str]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "exp.yaml").write_text(CONTRACT)
        self.layout = RunLayout(directory / "runs" / name)
        self._log_path = directory / f"{name}.out"
        command = [sys.executable, "-m", "yolozu", "run", f"run_id={name}", "config=exp.yaml", "train", *words]
        with self._log_path.open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=directory, env=environment | here(), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def said(self) -> str:
        """All that it has printed."""
        return self._log_path.read_text()

    def reach(self, step: int = DISTURBED_AT) -> int:
        """Wait until it has saved so many steps, or more; how many."""
        saved = self.layout.scratch_dir("train") / "saved.json"
        end = time.monotonic() + READY_S
        while not saved.is_file() or json.loads(saved.read_text())["done"] < step:
            if self.process.poll() is not None or time.monotonic() > end:
                raise TimeoutError(f"step {step} was not reached:\n{self.said()}")
            time.sleep(0.05)
        return int(json.loads(saved.read_text())["done"])

    def checkpoints(self) -> list[bytes]:
        """Wait for its end; bytes of both checkpoints, none where it failed."""
        if self.process.wait():
            return []
        return [(self.layout.root / f"checkpoints/{name}.pt").read_bytes() for name in ("last", "best")]


def undisturbed_bytes(directory: Path) -> list[bytes]:
    """Checkpoints of a training on this machine."""
    return Training(directory, "undisturbed", environment=dict(os.environ)).checkpoints()


def here() -> dict[str, str]:
    """What a process needs to run this code, on one thread."""
    return {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
