"""A real Ray cluster of several nodes on this machine; root is needed.

    python -m benchmarks.clusters.ray DIRECTORY PROJECT [NAME ...]

Trains while a node goes: as in a power cut, with all that runs on it, and by its raylet alone, which leaves the worker
behind; then a sweep that loses a raylet, and predictions in parts. Results are held against those of this machine
alone, in PROJECT. Prints lines of a Markdown table; exits 1 where one is not as it should be.

Every node is in namespaces of its own: killing their first process is a power cut for all that runs on it.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from benchmarks.clusters.processes import children, descendants, wait
from benchmarks.clusters.training import Row, Sweep, Training, Undisturbed
from benchmarks.clusters.trials import in_four_parts, named, shown
from yolozu.engine.launchers.job_files import JobFiles
from yolozu.engine.lock import is_held
from yolozu.engine.scratch import Scratch
from yolozu.paths import RunLayout

PORT = 26379
RAY = (sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats")
APART = ("unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")


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
        for process in (*children(daemon.pid), daemon.pid):
            os.kill(process, signal.SIGKILL)
        daemon.wait()

    def kill_raylet(self, name: str) -> None:
        """Ray's part of a node goes; workers that it ran are left behind."""
        for process in descendants(self._daemons[name].pid):
            if b"/raylet/raylet\0" in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)

    def _start(self, name: str, *words: str) -> None:
        out = self._directory / f"{name}.out"
        with out.open("wb") as file:
            self._daemons[name] = subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
        wait(lambda: "Ray runtime started" in out.read_text(), name)


def one_training(directory: Path, calm: Undisturbed) -> Iterator[Row]:
    """A training whose node goes, in each way."""
    expected = calm.training()
    for name in ("power", "raylet"):
        with RayCluster(directory / f"{name}.ray") as cluster:
            training = Training(calm.directory, name, "executor=ray", environment=cluster.environment)
            step = training.reach()
            node = machine_of(training.layout)
            (cluster.kill_node if name == "power" else cluster.kill_raylet)(node)
            equal = bool(expected) and training.checkpoints() == expected
            happened = training.said().count("begins again on") == 1
            lost = f"{'power cut' if name == 'power' else 'raylet killed'}, step {step}"
            yield training.row("Ray: a training", lost, equal=equal and happened)


def six_trainings(directory: Path, calm: Undisturbed) -> Iterator[Row]:
    """A sweep that loses the raylet of a node, which later is there again."""
    expected = calm.sweep()
    with RayCluster(directory / "sweep.ray") as cluster:
        sweep = Sweep(calm.directory, "ray", environment=cluster.environment)
        node = machine_of(lost := sweep.reach())
        cluster.kill_raylet(node)
        wait(lambda: begins_again(lost) or not is_held(Scratch.of(lost, "train").lock_path), "the worker's end")
        cluster.kill_node(node)
        cluster.start_node(node)
        equal = bool(expected) and sweep.checkpoints() == expected
        happened = f"{lost.run_id}/train: begins again on" in sweep.said()
        yield sweep.row("Ray: a sweep of 6", f"raylet of {node} killed", equal=equal and happened)


def predicting(directory: Path, calm: Undisturbed) -> Iterator[Row]:
    """Predictions in four calls."""
    with RayCluster(directory / "parts.ray") as cluster:
        yield in_four_parts("ray", calm, cluster.environment)


def begins_again(layout: RunLayout) -> bool:
    """Whether the training of a run has been called again."""
    return len(JobFiles(layout.job_dir("train")).tries()) > 1


def machine_of(layout: RunLayout) -> str:
    """Where the training of a run is."""
    return JobFiles(layout.job_dir("train")).tries()[-1]


def main() -> int:
    """Try all, or what is named; print lines of a table."""
    directory, project, names = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute(), sys.argv[3:]
    trials = [one_training, six_trainings, predicting]
    return shown(row for trial in named(trials, names) for row in trial(directory, Undisturbed(project)))


if __name__ == "__main__":
    sys.exit(main())
