"""What a training loses where other processes are at work: seconds a step, beside so many that never rest.

    python -m benchmarks.busy_machine [--loads 0 2 4 8] [--steps 30] [--settings NAME…]

A small detector trains (160 px, batch 8) in a process of its own on all cores, and on one. Beside it run processes that
only compute, each in a session of its own, as those of other users are. OpenMP's threads wait in several ways: *before*
is what OpenMP does by itself, *ours* what a worker of this project is told, the others are what else could be told.

A fair share is what the scheduler owes: of C cores and L others, C threads are owed C / (C + L) of the machine, one
thread 1 / (1 + L) of it, and no more than a core. *of fair share* holds the speed against that of the same setting on
the idle machine, times its share: 100 % is as fast as the others allow.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.short_runs import CONTRACT, markdown
from yolozu.system import SPIN, WAIT_POLICY, available_cores

PROJECT = Path(__file__).resolve().parents[1]
THREADS = "OMP_NUM_THREADS"
BY_ITSELF = {SPIN: "300000"}
"""What libgomp takes where it is told nothing (`libgomp/env.c`)."""

SETTINGS: dict[str, dict[str, str]] = {
    "before": BY_ITSELF,
    "ours": {},
    f"{SPIN}=3000": {SPIN: "3000"},
    f"{SPIN}=1000": {SPIN: "1000"},
    f"{WAIT_POLICY}=PASSIVE": {WAIT_POLICY: "PASSIVE"},
    "one thread": {THREADS: "1"},
}
WARM_UP = 5
WORKER_S = 900.0


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Processes that never rest, as long as the block."""
    others = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True) for _ in range(processes)
    ]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def lay_out(where: Path, steps: int) -> None:
    """A data set and a contract."""
    yolozu(where, {}, "data", "synth", "scenes", "--images", "64", "--val-images", "4", "--size", "160")
    keys = {
        "seed": 0,
        "log_every": 1,
        "dataset_root": "scenes",
        "image_size": 160,
        "batch_size": 8,
        "max_steps": steps,
        "lr_warmup_steps": 1,
    }
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in (CONTRACT | keys).items())
    (where / "contract.yaml").write_text(text)


def yolozu(where: Path, environment: dict[str, str], *words: str) -> None:
    """A command in a directory.

    Raises:
        SystemExit: it failed.
    """
    told = {name: value for name, value in os.environ.items() if name not in {SPIN, WAIT_POLICY, THREADS}}
    command = [sys.executable, "-m", "yolozu", *words]
    done = subprocess.run(
        command,
        cwd=where,
        env=told | {"PYTHONPATH": str(PROJECT)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=WORKER_S,
    )
    if done.returncode:
        raise SystemExit(f"yolozu {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def step_s(where: Path, name: str, setting: dict[str, str]) -> float:
    """Median seconds of a step, without the first ones."""
    yolozu(where, setting, "run", "train", f"run_id={name}", "config=contract.yaml", "--quiet")
    rows = (where / f"runs/{name}/reports/train_metrics.jsonl").read_text().splitlines()
    told = [json.loads(row) for row in rows]
    seconds = [row["metrics"]["step_time_s"] for row in told if row["meta"]["kind"] == "train_step"]
    return float(statistics.median(seconds[WARM_UP:]))


def share(threads: int, cores: int, others: int) -> float:
    """Of what ``threads`` of a process could do alone, what the scheduler owes them beside ``others``."""
    return min(1.0, cores / (threads + others))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, nargs="+", default=[0, 2, 4, 8], help="others; the first must be 0")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    options = parser.parse_args()
    if options.loads[0] != 0:
        parser.error("the first of --loads must be 0: the others are held against it")
    cores = available_cores()
    found: dict[str, list[float]] = {name: [] for name in options.settings}
    with tempfile.TemporaryDirectory(prefix="yolozu-busy-") as directory:
        where = Path(directory)
        lay_out(where, options.steps)
        for load in options.loads:
            with busy(load):
                for name in options.settings:
                    run = f"run-{load}-{options.settings.index(name)}"
                    found[name].append(step_s(where, run, SETTINGS[name]))
                    print(f"  {load} others, {name}: {found[name][-1]:.3f} s", flush=True)
    rows = []
    for name, each in found.items():
        threads = int(SETTINGS[name].get(THREADS, cores))
        shares = [
            each[0] / (seconds * share(threads, cores, load)) for load, seconds in zip(options.loads, each, strict=True)
        ]
        rows.append((name, [f"{seconds:.3f} ({part:.0%})" for seconds, part in zip(each, shares, strict=True)]))
    print(markdown([f"{load} others" for load in options.loads], rows))
    print(f"{cores} cores; seconds a step, and of the fair share")


if __name__ == "__main__":
    main()
