"""Whole runs through `doit` itself, on rendered scenes, in directories of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

CONTRACT = """\
config_version: 1
dataset_root: scenes
seed: 0
device: cpu
ddp: false
amp: none
image_size: 64
model:
  backbone: {name: tiny_cnn, args: {width_mult: 0.5}}
  projector: {d_model: 32}
  encoder: {num_heads: 2, ffn_dim: 64, expansion: 0.5, fusion_blocks: 1}
  decoder: {num_layers: 2, num_heads: 2, ffn_dim: 64}
  denoising: {num_queries: 6}
  num_queries: 12
  anchor_size: 0.15
batch_size: 4
max_steps: 24
val_every_steps: 8
lr: 1.0e-3
scheduler: cosine
lr_warmup_steps: 4
clip_grad_norm: 1.0
gradient_accumulation_steps: 2
use_ema: true
ema_decay: 0.9
ema_eval: true
hflip_prob: 0.5
hsv_v: 0.2
scale_min: 0.8
scale_max: 1.2
save_last_every: 3
log_every: 1
parity_images: 4
score_threshold: 0.01
"""


@dataclass
class Project:
    """A directory with a `dodo.py`, a contract and a small data set."""

    root: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "doit", *arguments]

    def doit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), cwd=self.root, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )

    def yolozu(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "yolozu", *arguments],
            cwd=self.root, env=ENVIRONMENT, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def build(self, *arguments: str) -> list[str]:
        """Build, and name the stages that ran."""
        done = self.doit("config=exp.yaml", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return [line.split(" ")[1].rstrip(":") for line in done.stdout.splitlines() if ": done in " in line]

    def run_dir(self, run_id: str) -> Path:
        return self.root / "runs" / run_id

    def copy(self, target: Path) -> Project:
        """The same project elsewhere, with its runs; modification times stay."""
        shutil.copytree(self.root, target, symlinks=True)
        return Project(target)


ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}


def make_project(root: Path) -> Project:
    project = Project(root)
    shutil.copy(REPOSITORY / "dodo.py", root / "dodo.py")
    (root / "exp.yaml").write_text(CONTRACT)
    (root / "configs").mkdir()
    (root / "configs" / "default.yaml").write_text(CONTRACT)
    made = project.yolozu(
        "data", "synth", "scenes", "--images", "24", "--val-images", "8", "--size", "64", "--seed", "1"
    )
    assert made.returncode == 0, made.stderr
    return project


@pytest.fixture(scope="session")
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose run `done` is not built yet; tests copy it."""
    return make_project(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="session")
def finished(empty_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose run `done` is built completely; tests that change it copy it."""
    project = empty_project.copy(tmp_path_factory.mktemp("finished") / "project")
    done = project.doit("run_id=done", "config=exp.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return project
