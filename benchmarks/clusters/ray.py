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
from pathlib import Path
from typing import Self

from benchmarks.clusters.processes import children, descendants, wait
from benchmarks.clusters.training import Training, undisturbed_bytes

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


def main() -> int:
    """Print the table."""
    directory = Path(sys.argv[1]).absolute()
    project, failed = directory / f"project-{int(time.time())}", 0
    expected = undisturbed_bytes(project)
    print("| what was lost | exit code | tries | last.pt, best.pt | seconds |\n|---|---|---|---|---|", flush=True)
    for name in ("power", "raylet"):
        with RayCluster(directory / f"{name}.ray") as cluster:
            began = time.monotonic()
            training = Training(project, name, "executor=ray", environment=cluster.environment)
            training.reach()
            node = (training.layout.job_dir("train") / "tries").read_text().split()[-1]
            (cluster.kill_node if name == "power" else cluster.kill_raylet)(node)
            equal = bool(expected) and training.checkpoints() == expected
            tries = 1 + training.said().count("begins again on")
            failed += not equal or tries == 1
            seconds, code = time.monotonic() - began, training.process.returncode
            print(f"| {name} | {code} | {tries} | {'equal' if equal else 'NOT EQUAL'} | {seconds:.0f} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
