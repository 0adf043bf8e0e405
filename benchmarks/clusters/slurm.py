"""A real Slurm of two nodes on this machine, from Debian's packages, with nothing installed; root is needed.

    python -m benchmarks.clusters.slurm DIRECTORY PROJECT [NAME ...]

Trains as jobs: while the node has a power cut, while its slurmd and the job's step are killed and leave the worker
behind, while the job is requeued, and while the build is killed and started again; then a sweep that loses a node, two
nodes that train together, and predictions in parts. Results are held against those of this machine alone, in PROJECT.
Prints lines of a Markdown table; exits 1 where one is not as it should be.

Every node is a `slurmd` in namespaces of its own: killing their first process is a power cut for all that runs on it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from benchmarks.clusters.processes import children, descendants, wait
from benchmarks.clusters.training import Row, Sweep, Training, Undisturbed, distance
from benchmarks.clusters.trials import in_four_parts, named, shown
from yolozu.engine.scratch import Scratch
from yolozu.errors import EXIT_INTERRUPTED
from yolozu.paths import RunLayout

PACKAGES = (
    "libhwloc15", "liblua5.1-0", "libmunge2", "munge", "slurm-client", "slurm-wlm-basic-plugins", "slurmctld", "slurmd",
)  # fmt: skip
CLIENTS = ("sacct", "sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun")
LOADER = "/lib64/ld-linux-x86-64.so.2"
FIRST_PORT = 26830

AS_ONE = (
    "model.backbone.norm=frozenbn", "model.encoder.norm=frozenbn", "model.decoder.dropout=0.0",
    "optimizer=sgd", "lr_warmup_steps=0",
)  # fmt: skip
"""With these, two processes train as one does: the same as in tests/training/test_distributed.py."""

TOLERANCE = 1e-4
"""How far apart their weights may be, relative to how far they went; the same."""

PAIR = ("executor=slurm", "ddp=true", "nnodes=2")

CONF = """\
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={directory}/munge/socket,cred_expire=5
PluginDir={library}/slurm-wlm
StateSaveLocation={directory}/state
SlurmctldPidFile={directory}/slurmctld.pid
SlurmctldLogFile={directory}/slurmctld.log
SlurmdPidFile={directory}/%n.pid
SlurmdSpoolDir={directory}/%n.spool
SlurmdLogFile={directory}/%n.log
SlurmdParameters=config_overrides
SlurmdTimeout=10
MinJobAge=600
JobRequeue=1
ReturnToService=2
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=n[1-{count}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=1 RealMemory=8000
PartitionName=short Nodes=n[1-{count}] Default=YES MaxTime=60 State=UP
"""


class SlurmCluster:
    """A cluster while a block runs.

    Attributes:
        environment: of a process that uses it.
        nodes: names.
    """

    def __init__(self, directory: Path, *, count: int = 2) -> None:
        self._directory = directory.absolute()
        self._root = self._directory / "root"
        self._library = self._root / "usr/lib/x86_64-linux-gnu"
        self.nodes = [f"n{number + 1}" for number in range(count)]
        self.environment = os.environ | {
            "PATH": f"{self._directory / 'bin'}:{os.environ['PATH']}",
            "SLURM_CONF": str(self._directory / "slurm.conf"),
        }
        self._stack = ExitStack()
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._unpack()
        self._configure()
        with ExitStack() as stack:
            stack.callback(self._end)
            self._start("munged", *self._munged())
            wait((self._directory / "munge/socket").exists, "munged")
            self._start("slurmctld", *self._program("usr/sbin/slurmctld-wlm"), "-D")
            for name in self.nodes:
                self.start_node(name)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def ask(self, *words: str) -> str:
        """What a program of Slurm answers."""
        done = subprocess.run(words, env=self.environment, text=True, capture_output=True, check=False)
        return done.stdout + done.stderr

    def node_of(self, job: str) -> str:
        """Where a job runs."""
        return self.ask("squeue", "--noheader", f"--jobs={job}", "--format=%N").strip()

    def restarts_of(self, job: str) -> int:
        """How often a job was begun again."""
        return int(re.findall(r"Restarts=(\d+)", self.ask("scontrol", "show", "job", job))[0])

    def start_node(self, name: str) -> None:
        """Start a node, and wait until it takes jobs."""
        step = f"mount -t overlay overlay -o lowerdir={self._directory}/sbin:/usr/sbin /usr/sbin"
        daemon = " ".join(self._program("usr/sbin/slurmd-wlm"))
        apart = ("unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
        stay = "while :; do sleep 1; done"
        hosts = f"mount --bind {self._directory}/hosts /etc/hosts"
        self._start(name, *apart, "sh", "-c", f"hostname {name} && {step} && {hosts} && {daemon} -D -N {name}; {stay}")
        wait(lambda: self.ask("sinfo", "--noheader", f"--nodes={name}", "--format=%T").startswith("idle"), name)

    def kill_node(self, name: str) -> None:
        """A power cut: nothing that runs on the node hears of it."""
        daemon = self._daemons.pop(name)
        for process in (*children(daemon.pid), daemon.pid):
            os.kill(process, signal.SIGKILL)
        daemon.wait()

    def kill_daemons(self, name: str) -> None:
        """Slurm's part of a node goes; a worker that it ran is left behind."""
        for process in descendants(self._daemons[name].pid):
            if b"slurm-wlm\0" in (words := Path(f"/proc/{process}/cmdline").read_bytes()) and b"slurm" in words:
                os.kill(process, signal.SIGKILL)

    def _unpack(self) -> None:
        """Fetch the packages and unpack them, once."""
        if self._root.is_dir():
            return
        packages = self._directory / "packages"
        packages.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=packages, check=True, capture_output=True)
        aside = self._root.with_suffix(".aside")
        for package in sorted(packages.glob("*.deb")):
            subprocess.run(["dpkg", "-x", package, aside], check=True)
        aside.rename(self._root)

    def _configure(self) -> None:
        """Fresh state, a key, programs that find their libraries, and the configuration."""
        for name in ("munge", "state", "bin", "sbin", *(f"{node}.spool" for node in self.nodes)):
            shutil.rmtree(self._directory / name, ignore_errors=True)
            (self._directory / name).mkdir(mode=0o755)
        key = self._directory / "munge/key"
        key.touch(mode=0o400)
        key.write_bytes(secrets.token_bytes(128))
        for name in CLIENTS:
            self._wrap(self._directory / "bin" / name, f"usr/bin/{name}")
        self._wrap(self._directory / "sbin/slurmstepd", "usr/sbin/slurmstepd-wlm")
        hosts = Path("/etc/hosts").read_text() + f"127.0.0.1 {' '.join(self.nodes)}\n"
        (self._directory / "hosts").write_text(hosts)
        text = CONF.format(
            host=socket.gethostname().partition(".")[0],
            directory=self._directory,
            library=self._library,
            port=FIRST_PORT,
            count=len(self.nodes),
            first=FIRST_PORT + 1,
            last=FIRST_PORT + len(self.nodes),
        )
        (self._directory / "slurm.conf").write_text(text)

    def _program(self, name: str) -> list[str]:
        """A program of the packages with its libraries, and nothing in the environment that its jobs would inherit."""
        return [LOADER, "--library-path", f"{self._library}:{self._library}/slurm-wlm", str(self._root / name)]

    def _wrap(self, path: Path, program: str) -> None:
        path.write_text(f'#!/bin/sh\nexec {" ".join(self._program(program))} "$@"\n')
        path.chmod(0o755)

    def _munged(self) -> list[str]:
        place = self._directory / "munge"
        files = [f"--{name}={place}/{name}" for name in ("socket", "pid-file", "log-file", "seed-file")]
        return [*self._program("usr/sbin/munged"), "--foreground", "--force", f"--key-file={place}/key", *files]

    def _start(self, name: str, *words: str) -> None:
        with (self._directory / f"{name}.out").open("wb") as out:
            self._daemons[name] = subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    def _end(self) -> None:
        for name in [name for name in self._daemons if name in self.nodes]:
            self.kill_node(name)
        for daemon in self._daemons.values():
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()


def power_cut(cluster: SlurmCluster, training: Training) -> None:
    """The node goes, with all that runs on it."""
    cluster.kill_node(node := cluster.node_of(job_of(training.layout)))
    training.process.wait()
    cluster.start_node(node)


def daemons_killed(cluster: SlurmCluster, training: Training) -> None:
    """Slurm's processes of the node go, and the worker stays."""
    node = cluster.node_of(job_of(training.layout))
    cluster.kill_daemons(node)
    training.process.wait()
    cluster.kill_node(node)
    cluster.start_node(node)


def requeued(cluster: SlurmCluster, training: Training) -> None:
    """The job goes back into the queue."""
    cluster.ask("scontrol", "requeue", job_of(training.layout))


def build_killed(cluster: SlurmCluster, training: Training) -> None:
    """The build goes, and the same command follows the job."""
    training.process.kill()
    training.process.wait()
    job, layout = job_of(training.layout), training.layout
    again = Training(training.directory, layout.run_id, "executor=slurm", environment=cluster.environment)
    again.process.wait()
    assert f"following job {job} again" in again.said(), again.said()
    training.process = again.process


def one_training(cluster: SlurmCluster, calm: Undisturbed) -> Iterator[Row]:
    """A training as a job, disturbed in each way."""
    expected = calm.training()
    for disturb in (power_cut, daemons_killed, requeued, build_killed):
        training = Training(calm.directory, disturb.__name__, "executor=slurm", environment=cluster.environment)
        step = training.reach()
        disturb(cluster, training)
        equal = bool(expected) and training.checkpoints() == expected
        yield training.row("Slurm: a training", f"{disturb.__name__.replace('_', ' ')}, step {step}", equal=equal)


def six_trainings(cluster: SlurmCluster, calm: Undisturbed) -> Iterator[Row]:
    """A sweep that loses a node, while the job on the other one is requeued."""
    expected = calm.sweep()
    sweep = Sweep(calm.directory, "slurm", environment=cluster.environment)
    lost = sweep.reach()
    cluster.kill_node(node := cluster.node_of(first := job_of(lost)))
    cluster.ask("scontrol", "requeue", second := job_of(sweep.reach(lost)))
    wait(lambda: f"job {first} was taken off" in sweep.said(), f"job {first} in the queue")
    cluster.start_node(node)
    equal = bool(expected) and sweep.checkpoints() == expected
    happened = [cluster.restarts_of(job) for job in (first, second)] == [1, 1]
    disturbed = f"power cut of {node}, a job of the other node requeued"
    yield sweep.row("Slurm: a sweep of 6", disturbed, equal=equal and happened)


def two_nodes(cluster: SlurmCluster, calm: Undisturbed) -> Iterator[Row]:
    """A training of two nodes, beside one process, and while one of the nodes goes."""
    short = [*AS_ONE, "lr=0.001", "max_steps=6"]
    calm.training("start", *AS_ONE, "lr=0", "max_steps=1")
    calm.training("one", *short)
    pair = Training(calm.directory, "pair", *short, *PAIR, environment=cluster.environment)
    equal = bool(pair.checkpoints()) and distance(calm.directory, "pair", "one", "start") < TOLERANCE
    yield pair.row("Slurm: 6 steps on two nodes", f"not; within {TOLERANCE:g} of one process", equal=equal)
    expected = calm.training("calm-pair", *PAIR, environment=cluster.environment)
    training = Training(calm.directory, "lost-pair", *PAIR, environment=cluster.environment)
    step = training.reach()
    cluster.kill_node(node := cluster.nodes[-1])
    wait(lambda: "was taken off" in training.said() or training.process.poll() is not None, "the queue")
    cluster.start_node(node)
    disturbed = f"power cut of {node}, step {step}"
    if training.process.wait() == EXIT_INTERRUPTED:  # the other node has noticed before Slurm did
        disturbed += "; 75, the same command again"
        again = Training(calm.directory, "lost-pair", *PAIR, environment=cluster.environment)
        training.process = again.process
    equal = bool(expected) and training.checkpoints() == expected
    yield training.row("Slurm: a training on two nodes", disturbed, equal=equal)


def predicting(cluster: SlurmCluster, calm: Undisturbed) -> Iterator[Row]:
    """Predictions in four jobs."""
    yield in_four_parts("slurm", calm, cluster.environment)


def job_of(layout: RunLayout) -> str:
    """The job that runs the training of a run."""
    return str(json.loads(Scratch.of(layout, "train").job_path.read_text())["job"])


def main() -> int:
    """Try all, or what is named; print lines of a table."""
    directory, project, names = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute(), sys.argv[3:]
    with SlurmCluster(directory) as cluster:
        trials = [one_training, six_trainings, two_nodes, predicting]
        return shown(row for trial in named(trials, names) for row in trial(cluster, Undisturbed(project)))


if __name__ == "__main__":
    sys.exit(main())
