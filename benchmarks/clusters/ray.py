"""A real Ray cluster of several nodes on this machine; root is needed.

    python -m benchmarks.clusters.ray DIRECTORY

Trains once undisturbed and on this machine, then on the cluster while a node goes: as in a power cut, with all that
runs on it, and by its raylet alone, which leaves the worker behind. Prints a Markdown table; exits 1 where checkpoints
are not equal to the bit.

Every node is in namespaces of its own: killing their first process is a power cut for all that runs on it.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from yolozu.engine.verify_resume.kills import last_step_row
from yolozu.paths import RunLayout

PORT = 26379
READY_S = 60.0
LOOK_EVERY_S = 0.1
LOST_AT = 22
CHECKPOINTS = ("last.pt", "best.pt")
RAY = (sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats")
APART = ("unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")

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
log_every: 1
"""


class RayCluster:
    """A cluster while a block runs: a head that runs nothing, and nodes of one CPU each.

    Attributes:
        environment: of a process that uses it.
        nodes: names.
    """

    def __init__(self, directory: Path, *, count: int = 2) -> None:
        self._directory = directory.absolute()
        self.nodes = [f"n{number + 1}" for number in range(count)]
        self.environment = os.environ | {
            "RAY_ADDRESS": f"127.0.0.1:{PORT}",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),  # of this cluster alone: none is left in the home directory
            "OMP_NUM_THREADS": "1",
        }
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            self._start("head", *APART, *RAY, "--head", f"--port={PORT}", "--num-cpus=0", "--include-dashboard=false")
            for name in self.nodes:
                self.start_node(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        for name in [*self._daemons]:
            self.kill_node(name)

    def start_node(self, name: str) -> None:
        """Start a node, and wait until it takes calls."""
        join = " ".join((*RAY, f"--address=127.0.0.1:{PORT}", "--num-cpus=1"))
        self._start(name, *APART, "sh", "-c", f"hostname {name} && {join}; exit")

    def kill_node(self, name: str) -> None:
        """A power cut: nothing that runs on the node hears of it."""
        daemon = self._daemons.pop(name)
        for process in (*_children(daemon.pid), daemon.pid):
            os.kill(process, signal.SIGKILL)
        daemon.wait()

    def kill_raylet(self, name: str) -> None:
        """Ray's part of a node goes; workers that it ran are left behind."""
        for process in _descendants(self._daemons[name].pid):
            if b"/raylet/raylet\0" in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)

    def _start(self, name: str, *words: str) -> None:
        out = self._directory / f"{name}.out"
        with out.open("wb") as file:
            self._daemons[name] = subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
        _wait(lambda: "Ray runtime started" in out.read_text(), name)


def _children(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _descendants(process: int) -> list[int]:
    return [one for child in _children(process) for one in (child, *_descendants(child))]


def _wait(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + READY_S
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} is not there after {READY_S:g} s")
        time.sleep(LOOK_EVERY_S)


def train(directory: Path, name: str, *words: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a training."""
    command = [sys.executable, "-m", "yolozu", "run", f"run_id={name}", "config=exp.yaml", "train", *words]
    return subprocess.Popen(
        command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def lose(cluster: RayCluster, directory: Path, name: str, how: Callable[[str], None]) -> tuple[int, str]:
    """Train on the cluster, and lose the node in the middle by ``how``; exit code and all that was said."""
    layout = RunLayout(directory / "runs" / name)
    building = train(directory, name, "executor=ray", environment=cluster.environment)
    metrics = layout.scratch_dir("train") / "out/reports/train_metrics.jsonl"
    while (row := last_step_row(metrics)) is None or row["meta"]["optim_step"] < LOST_AT:
        assert building.poll() is None, building.communicate()[0]
        time.sleep(LOOK_EVERY_S)
    how((layout.job_dir("train") / "tries").read_text().split()[-1])
    said = building.communicate()[0]
    return building.returncode, said


def _equal(directory: Path, name: str) -> list[str]:
    """Checkpoints that have the bytes of the undisturbed training."""
    places = {run: directory / "runs" / run / "checkpoints" for run in ("calm", name)}
    return [one for one in CHECKPOINTS if len({(place / one).read_bytes() for place in places.values()}) == 1]


def main() -> int:
    """Print the table."""
    directory = Path(sys.argv[1]).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "exp.yaml").write_text(CONTRACT)
    calm = train(directory, "calm", environment=os.environ | {"OMP_NUM_THREADS": "1"})
    said = calm.communicate()[0]
    assert calm.returncode == 0, said
    worst = 0
    print("| what was lost | exit code | tries | equal to an undisturbed training | seconds |\n|---|---|---|---|---|")
    for name in ("power", "raylet"):
        with RayCluster(directory / f"{name}.ray") as cluster:
            began = time.monotonic()
            code, said = lose(cluster, directory, name, cluster.kill_node if name == "power" else cluster.kill_raylet)
            (directory / f"{name}.txt").write_text(said)
            tries, equal = 1 + said.count("begins again on"), _equal(directory, name) if code == 0 else []
            print(f"| {name} | {code} | {tries} | {', '.join(equal) or 'none'} | {time.monotonic() - began:.0f} |")
            worst |= code or tries == 1 or equal != [*CHECKPOINTS]
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
