"""What becomes of an interrupted training when something else is asked for: kill it at random steps, change, go on.

    python benchmarks/interruptions.py [--trials 2] [--seed 0]

Each trial kills a training (SIGKILL or SIGTERM by turns) at a random step, changes one thing, runs the same command
again, and compares the checkpoints with those of a training that was never disturbed. Rows without a promise of equal
bits say what was kept. Prints a Markdown table; exits 1 when a promise does not hold.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

import yolozu

STEPS = 24
CONTRACT = f"""\
config_version: 1
dataset_root: parts
seed: 0
device: cpu
ddp: false
amp: none
image_size: 64
model:
  backbone: {{name: tiny_cnn, args: {{width_mult: 0.1}}}}
  projector: {{d_model: 32}}
  encoder: {{num_layers: 0, num_heads: 2, expansion: 0.25, fusion_blocks: 1}}
  decoder: {{num_layers: 1, num_heads: 2, num_points: 2, ffn_dim: 32}}
  num_queries: 10
batch_size: 4
store: false
max_steps: {STEPS}
val_every: 4
lr: 0.002
use_ema: true
hflip_prob: 0.5
save_last_every: 1
scenarios: none
"""
PACKAGE = Path(yolozu.__path__[0])


@dataclass(frozen=True)
class Case:
    """One change after an interruption.

    Attributes:
        name: what changes.
        change: does it in the project; returns the further words of the command, and the directory of its code.
        promise: ``goes on`` (from the saved step, with the bits of an undisturbed training under ``like``), ``afresh``
            (what was saved is set aside and comes back), or ``refused`` (nothing happens to what was saved).
        like: words under which the undisturbed training ran.
    """

    name: str
    change: Callable[[Path], tuple[list[str], Path]]
    promise: str
    like: tuple[str, ...] = ()


def words(*said: str) -> Callable[[Path], tuple[list[str], Path]]:
    """A change that is only typed."""
    return lambda _: (list(said), PACKAGE.parent)


def move_data(project: Path) -> tuple[list[str], Path]:
    """The data set lies elsewhere."""
    (project / "parts").rename(project / "elsewhere")
    return ["dataset_root=elsewhere"], PACKAGE.parent


def later_code(project: Path) -> tuple[list[str], Path]:
    """The code is of a later release: a loss weight more, which is neutral."""
    code = shutil.copytree(PACKAGE, project / "code/yolozu", ignore=shutil.ignore_patterns("__pycache__"))
    (section,) = [path for path in code.rglob("*.py") if "class LossWeights(Section)" in path.read_text()]
    added = '\\n\\n    diou: NonNegativeFloat = 0.0\\n    """Distance between centers."""'
    pattern = r'(    vfl: NonNegativeFloat = 1\.0\n    """.*?""")'
    section.write_text(re.sub(pattern, rf"\1{added}", section.read_text(), count=1))
    return [], code.parent


CASES = (
    Case("nothing", words(), "goes on"),
    Case("`max_steps` raised", words(f"max_steps={STEPS + 8}"), "goes on", (f"max_steps={STEPS + 8}",)),
    Case("`device` of another machine", words("device=cuda:7"), "refused"),
    Case("the data set moved", move_data, "goes on"),
    Case("later code with a neutral key more", later_code, "goes on"),
    Case("`lr` changed", words("lr=0.004"), "afresh", ("lr=0.004",)),
    Case("a class count that the data refuse", words("model.num_classes=9"), "refused"),
)


def make_project(project: Path) -> None:
    """A contract, and pictures of two kinds of rectangles."""
    generator = random.Random(0)
    for split, count in (("train", 12), ("val", 4)):
        for kind in ("images", "labels"):
            (project / "parts" / kind / split).mkdir(parents=True)
        for number in range(count):
            image, kind = Image.new("RGB", (64, 48), (110, 110, 110)), number % 2
            x, y, w, h = generator.randrange(30), generator.randrange(20), 24, 20
            ImageDraw.Draw(image).rectangle((x, y, x + w, y + h), fill=((220, 40, 40), (40, 60, 220))[kind])
            image.save(project / f"parts/images/{split}/{number}.png")
            box = f"{kind} {(x + w / 2) / 64} {(y + h / 2) / 48} {w / 64} {h / 48}\n"
            (project / f"parts/labels/{split}/{number}.txt").write_text(box)
    (project / "parts/classes.txt").write_text("red\nblue\n")
    (project / "exp.yaml").write_text(CONTRACT)


def start(project: Path, run_id: str, said: list[str], code: Path = PACKAGE.parent) -> subprocess.Popen[str]:
    """The command, begun."""
    environment = os.environ | {"PYTHONPATH": str(code), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "yolozu", "run", "train", f"run_id={run_id}", *said]
    return subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def checkpoints(run: Path) -> list[bytes]:
    """Bytes of both."""
    return [(run / f"checkpoints/{name}.pt").read_bytes() for name in ("last", "best")]


def kill(project: Path, run_id: str, step: int, number: signal.Signals) -> int:
    """Start a training and kill its worker once it has saved ``step``; the step that is saved then."""
    process = start(project, run_id, ["config=exp.yaml"])
    saved = project / f"runs/{run_id}/scratch/train/saved.json"
    while process.poll() is None and (not saved.is_file() or saved_step(saved) < step):
        time.sleep(0.01)
    subprocess.run(["pkill", f"-{number.value}", "-f", f"engine.worker runs/{run_id}/plan/train"], check=False)
    process.communicate()
    return saved_step(saved)


def saved_step(path: Path) -> int:
    """Steps done, as the run notes them."""
    return int(re.search(r'"done": (\d+)', path.read_text()).group(1))  # type: ignore[union-attr]


def trial(case: Case, step: int, number: signal.Signals) -> tuple[str, bool]:
    """What happened, and whether it is what was promised."""
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory)
        make_project(project)
        run = project / "runs/killed"
        saved = kill(project, "killed", step, number)
        before = (run / "scratch/train/out/checkpoints/last.pt").read_bytes()
        said, code = case.change(project)
        told = start(project, "killed", said, code).communicate()[0]
        if case.promise == "refused":
            told = start(project, "killed", []).communicate()[0]
        if case.promise == "afresh":
            kept = run / "scratch/train.prev/out/checkpoints/last.pt"
            good = kept.is_file() and kept.read_bytes() == before and "going on" not in told
            back = start(project, "killed", ["forget=lr"]).communicate()[0]
            good &= f"going on from optimizer step {saved}" in back
            like: tuple[str, ...] = ()
        else:
            good = f"going on from optimizer step {saved}" in told
            like = case.like
        whole = project / "undisturbed"
        make_project(whole)
        start(whole, "whole", ["config=exp.yaml", *like], code).communicate()
        equal = checkpoints(run) == checkpoints(whole / "runs/whole")
        return f"{number.name} at {saved}, {'equal' if equal else 'NOT EQUAL'}", good and equal


def main() -> int:
    """Run all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    generator, failed, began = random.Random(options.seed), 0, time.monotonic()
    print("| after the kill | promise | trials | held |\n|---|---|---|---|", flush=True)
    for case in CASES:
        results = []
        for turn in range(options.trials):
            number = (signal.SIGKILL, signal.SIGTERM)[turn % 2]
            results.append(trial(case, generator.randrange(2, STEPS - 4), number))
        held = sum(good for _, good in results)
        failed += options.trials - held
        told = "; ".join(text for text, _ in results)
        print(f"| {case.name} | {case.promise} | {told} | {held} of {len(results)} |", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
