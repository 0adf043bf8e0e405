"""What clusters are tried with: short trainings, a sweep of them, predictions in parts; by the command line."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from yolozu.paths import RunLayout

DISTURBED_AT = 22
SWEEP_DISTURBED = range(5, 16)
READY_S = 600.0
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
report: false
store: false
"""
SWEEP = """\
config_version: 1
run_id: {name}
base: exp.yaml
set: {{executor: {executor}, max_steps: 20, val_every_steps: 10}}
grid:
  lr: [1.0e-4, 3.0e-4, 1.0e-3]
  seed: [0, 1]
metric: map50_95
"""


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: was run.
        disturbed: how it was.
        seconds: it took.
        code: exit code.
        equal: whether its results are those of the undisturbed one on this machine, and all that was to happen has.
    """

    what: str
    disturbed: str
    seconds: float
    code: int
    equal: bool

    @property
    def is_kept(self) -> bool:
        """Whether all is as promised."""
        return self.equal and self.code == 0

    def render(self) -> str:
        """The line, in Markdown."""
        said = "yes" if self.equal else "NO"
        return f"| {self.what} | {self.disturbed} | {self.seconds:.0f} | {self.code} | {said} |"


class Command:
    """A command of yolozu in a project's directory, which is made where it is not there.

    Attributes:
        directory: the project's.
        process: the command.
        began_at: by the clock that only goes forward.
    """

    def __init__(self, directory: Path, name: str, *words: str, environment: dict[str, str]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "exp.yaml").write_text(CONTRACT)
        self.directory, self.began_at = directory, time.monotonic()
        self._log_path = directory / f"{name}.out"
        with self._log_path.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "yolozu", *words],
                cwd=directory,
                env=environment | here(),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def said(self) -> str:
        """All that it has printed."""
        return self._log_path.read_text()

    def row(self, what: str, disturbed: str, *, equal: bool) -> Row:
        """Its line in the table, once it has ended."""
        return Row(what, disturbed, time.monotonic() - self.began_at, self.process.wait(), equal)

    def wait_until(self, what: str, layouts: list[RunLayout], saved: range) -> RunLayout:
        """Wait until a training of these has saved so many steps; which."""
        end = time.monotonic() + READY_S
        while self.process.poll() is None and time.monotonic() < end:
            for layout in layouts:
                if saved_steps(layout) in saved:
                    return layout
            time.sleep(0.05)
        raise TimeoutError(f"{what} was not reached:\n{self.said()}")


class Training(Command):
    """A training that was started.

    Attributes:
        layout: its run.
    """

    def __init__(self, directory: Path, name: str, *words: str, environment: dict[str, str]) -> None:
        self.layout = RunLayout(directory / "runs" / name)
        run = ("run", f"run_id={name}", "config=exp.yaml", "train", *words)
        super().__init__(directory, name, *run, environment=environment)

    def reach(self, step: int = DISTURBED_AT) -> int:
        """Wait until it has saved so many steps, or more; how many."""
        self.wait_until(f"step {step}", [self.layout], range(step, 1 << 30))
        return saved_steps(self.layout)

    def checkpoints(self) -> list[bytes]:
        """Wait for its end; bytes of both checkpoints, none where it failed."""
        return [] if self.process.wait() else checkpoints_of(self.layout)


class Sweep(Command):
    """A sweep of six trainings that was started, with all stages of their runs.

    Attributes:
        layouts: its runs.
    """

    def __init__(self, directory: Path, executor: str, *, environment: dict[str, str]) -> None:
        names = [f"{executor}-lr{lr}-seed{seed}" for lr in ("0.0001", "0.0003", "0.001") for seed in (0, 1)]
        self.layouts = [RunLayout(directory / "runs" / name) for name in names]
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{executor}.yaml").write_text(SWEEP.format(name=executor, executor=executor))
        super().__init__(directory, executor, "sweep", f"{executor}.yaml", "-n", "6", environment=environment)

    def reach(self, *others: RunLayout) -> RunLayout:
        """Wait until a training is in its middle that is none of ``others``; its run."""
        left = [layout for layout in self.layouts if layout not in others]
        return self.wait_until("the middle of a training", left, SWEEP_DISTURBED)

    def checkpoints(self) -> list[bytes]:
        """Wait for its end; bytes of all checkpoints, none where it failed."""
        if self.process.wait():
            return []
        return [checkpoint for layout in self.layouts for checkpoint in checkpoints_of(layout)]


class Undisturbed:
    """What the same commands give on this machine alone, each computed when it is first asked for.

    Attributes:
        directory: a project that all commands share; what is there already is taken.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def training(
        self, name: str = "undisturbed", *words: str, environment: dict[str, str] | None = None
    ) -> list[bytes]:
        """Checkpoints of a training."""
        return Training(self.directory, name, *words, environment=environment or dict(os.environ)).checkpoints()

    def sweep(self) -> list[bytes]:
        """Checkpoints of a sweep."""
        return Sweep(self.directory, "local", environment=dict(os.environ)).checkpoints()

    def predictions(self, *words: str, environment: dict[str, str] | None = None) -> tuple[Command, bytes]:
        """Predictions that were just made: the command that has made them, and their bytes, none where it failed."""
        path = self.directory / "runs/parts/predictions/predictions.json"
        path.unlink(missing_ok=True)
        run = ("run", "run_id=parts", "config=exp.yaml", "predict", "max_steps=5", "synth_val_images=40")
        command = Command(self.directory, "parts", *run, *words, environment=environment or dict(os.environ))
        return command, b"" if command.process.wait() else path.read_bytes()


def distance(directory: Path, name: str, other: str, start: str) -> float:
    """How far apart the weights of two runs are, relative to how far they went from those of a third."""
    from yolozu.artifacts.checkpoint import read_checkpoint

    one, apart_from, begun = (
        read_checkpoint(directory / f"runs/{run}/checkpoints/last.pt").weights for run in (name, other, start)
    )
    apart, gone = (
        sum(float((one[key].double() - values[key].double()).square().sum()) for key in one)
        for values in (apart_from, begun)
    )
    return math.sqrt(apart / gone)


def saved_steps(layout: RunLayout) -> int:
    """How many steps of an unfinished training are saved."""
    path = layout.scratch_dir("train") / "saved.json"
    try:
        return int(json.loads(path.read_text())["done"])
    except FileNotFoundError:
        return 0


def checkpoints_of(layout: RunLayout) -> list[bytes]:
    """Bytes of a run's checkpoints."""
    return [(layout.root / f"checkpoints/{name}.pt").read_bytes() for name in ("last", "best")]


def here() -> dict[str, str]:
    """What a process needs to run this code, on one thread."""
    return {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
