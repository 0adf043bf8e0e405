"""What benchmarks of several short trainings share: the command line in a directory, a small contract, measurements."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SIZE = 128
CAMERA = f"{2.5 * SIZE},{2.5 * SIZE},{SIZE / 2},{SIZE / 2}"
"""Of all rendered scenes of this size, so that also those without a label get whole poses."""

CONTRACT: dict[str, Any] = {
    "config_version": 1,
    "device": "cpu",
    "ddp": False,
    "store": False,
    "amp": "none",
    "image_size": SIZE,
    "model": {
        "backbone": {"name": "tiny_cnn"},
        "projector": {"d_model": 64},
        "encoder": {"num_heads": 4, "ffn_dim": 128, "expansion": 0.5, "fusion_blocks": 1},
        "decoder": {"num_layers": 2, "num_heads": 4, "ffn_dim": 128},
        "denoising": {"num_queries": 10},
        "num_queries": 20,
        "anchor_size": 0.15,
    },
    "batch_size": 16,
    "val_every": 1_000_000,
    "weight_decay": 1e-4,
    "clip_grad_norm": 5.0,
    "scheduler": "cosine",
    "use_ema": True,
    "ema_eval": True,
    "hsv_h": 0.01,
    "hsv_s": 0.2,
    "hsv_v": 0.2,
    "cache": "ram",
    "scenarios": "none",
}
"""`configs/default.yaml` made smaller. A training validates once, at its end: nothing is chosen on held-out images."""


def length(steps: int, lr: float) -> dict[str, Any]:
    """Keys of a training of so many steps: a twentieth of them warm-up, averaged over about a sixth."""
    return {"max_steps": steps, "lr": lr, "lr_warmup_steps": steps // 20, "ema_decay": round(1.0 - 6.0 / steps, 4)}


class CommandFailedError(Exception):
    """A command has ended with an error; says which, and what it printed."""


def yolozu(where: Path, *words: str) -> str:
    """What a command prints that is run in a directory, on one thread.

    Raises:
        CommandFailedError: it failed.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "yolozu", *words]
    done = subprocess.run(command, check=False, cwd=where, env=environment, text=True, capture_output=True)
    if done.returncode:
        raise CommandFailedError(f"$ yolozu {' '.join(words)}\n{done.stdout}{done.stderr}\nexit {done.returncode}")
    return done.stdout


def split_scenes(root: Path, of: str, splits: dict[str, range]) -> None:
    """Describe more splits of a rendered data set, by numbers of the images of split ``of``."""
    path = root / "dataset.json"
    description = json.loads(path.read_text())
    for name, numbers in splits.items():
        description["splits"][name] = description["splits"][of] | {"images_list": f"{name}.txt"}
        (root / f"{name}.txt").write_text("".join(f"images/{of}/{number:06d}.png\n" for number in numbers))
    path.write_text(json.dumps(description, indent=1))


def build(where: Path, run: str, contract: dict[str, Any], *stages: str) -> None:
    """Write ``contracts/RUN.yaml``, and build those stages where they are stale."""
    path = where / f"contracts/{run}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in contract.items()))
    yolozu(where, "run", *stages, f"run_id={run}", f"config=contracts/{run}.yaml", "--quiet")


def evaluated(where: Path, run: str, dataset: str, split: str, *words: str, name: str = "") -> dict[str, Any]:
    """Boxes and poses of a run's best weights on a data set, per class; measured once while the weights are the same.

    Args:
        where: working directory.
        run: id of the run.
        dataset: held against, relative to ``where``; the pictures are those of the run's contract where ``words`` name
            no other.
        split: of it.
        words: more options of export-predictions.
        name: of the reports.

    Returns:
        ``boxes`` and ``poses``: class -> metrics; and ``all``, the metrics of all boxes.
    """
    out = where / "measured"
    out.mkdir(exist_ok=True)
    reports = {kind: out / f"{name or run}.{kind}.json" for kind in ("predictions", "boxes", "poses")}
    weights = where / "runs" / run / "checkpoints/best.pt"
    if not reports["poses"].is_file() or reports["poses"].stat().st_mtime < weights.stat().st_mtime:
        at = {kind: str(path.relative_to(where)) for kind, path in reports.items()}
        chosen = ["--run-id", run, "--adapter", "rtdetr_pose", "--split", split, "--camera", CAMERA, *words]
        yolozu(where, "export-predictions", *chosen, "--wrap", "--output", at["predictions"])
        truth = ["--dataset", dataset, "--split", split, "--predictions", at["predictions"]]
        yolozu(where, "eval-coco", *truth, "--output", at["boxes"])
        yolozu(where, "eval-pose", *truth, "--output", at["poses"])
        reports["predictions"].unlink()
    boxes, poses = (json.loads(reports[kind].read_text()) for kind in ("boxes", "poses"))
    per_class = {
        kind: {row["name"]: row["metrics"] for row in report["per_class"]}
        for kind, report in (("boxes", boxes), ("poses", poses))
    }
    return {**per_class, "all": boxes["metrics"]}


def seconds_of(where: Path, run: str, stage: str = "train") -> float:
    """What a stage took, by its receipt."""
    return float(json.loads((where / f"runs/{run}/receipts/{stage}.json").read_text())["seconds"])


def step_ms(where: Path, run: str) -> float:
    """Median time of an optimizer step, its data included."""
    rows = [json.loads(line) for line in (where / f"runs/{run}/reports/train_metrics.jsonl").read_text().splitlines()]
    times = [row["metrics"]["step_time_s"] for row in rows if row["meta"]["kind"] == "train_step"]
    return 1000.0 * statistics.median(times[1:])


def markdown(columns: Iterable[str], rows: Iterable[tuple[str, list[str]]]) -> str:
    """A table whose rows have names."""
    names = list(columns)
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    return "\n".join([*lines, *(f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows)])


def spread(values: Iterable[float | None], form: str) -> str:
    """Mean and, of several, standard deviation; empty where there is none."""
    given = [value for value in values if value is not None]
    if not given:
        return ""
    deviation = f" ± {form.format(statistics.stdev(given))}" if len(given) > 1 else ""
    return form.format(statistics.mean(given)) + deviation


def hardware(jobs: int) -> str:
    """The machine, in words."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.is_file() else []
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{model}, {os.cpu_count()} cores; {jobs} trainings at a time, one thread each"


def options_of(doc: str | None) -> argparse.ArgumentParser:
    """A parser with what all of these benchmarks take."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="directory to work in, and to go on in")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time")
    return parser
