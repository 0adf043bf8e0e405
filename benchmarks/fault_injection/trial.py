"""One trial: a project that is disturbed while it builds, the same command again, and what came of it."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

ENDS_WITHIN_S = 300.0
GRACE_S = 20.0
"""How long a worker may live on whose builder is gone."""

DOCUMENTED_EXITS = {0, 1, 2, 75}
REPOSITORY = Path(__file__).parents[2]


class Subject(Protocol):
    """What is disturbed: a pipeline with a command that builds what is missing.

    Attributes:
        name: in the table.
        stages: those that a trial may make stale.
        documented: whether exit codes and texts are promised.
    """

    name: str
    stages: tuple[str, ...]
    documented: bool

    def lay_out(self, where: Path) -> None:
        """Write the project, with nothing built."""
        ...

    def command(self, run: str = "exp", *, closely: bool = False) -> list[str]:
        """Build everything; ``closely``: trust no size and time, where there is such a thing."""
        ...

    def make_stale(self, where: Path, stage: str) -> None:
        """Take away what a stage has made."""
        ...

    def outputs(self, where: Path, run: str = "exp") -> dict[str, str]:
        """Digest of everything that is built, by name, without times; what is missing is left out."""
        ...

    def users_files(self, where: Path) -> list[Path]:
        """What nobody but the user may change."""
        ...

    def is_worker(self, command_line: str) -> bool:
        """Whether a process does a stage's work."""
        ...


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    text: str


@dataclass
class Trial:
    """A project in a directory, with one stage stale.

    Attributes:
        subject: what is disturbed.
        where: its directory.
        stage: the stale one.
        seconds: how long the command takes that builds it.
        chance: what is chosen by chance.
        ended: how the disturbed commands ended.
        environment: of commands.
        prefix: words before the command.
        closely: whether commands trust no size and time.
        meanwhile: digests of what was rightly built of an input that was another one for a while; what replaces it
            keeps it beside itself (``best.prev.pt``).
    """

    subject: Subject
    where: Path
    stage: str
    seconds: float
    chance: random.Random
    ended: list[Ended] = field(default_factory=list)
    environment: Mapping[str, str] = field(default_factory=dict)
    prefix: list[str] = field(default_factory=list)
    closely: bool = False
    meanwhile: dict[str, str] = field(default_factory=dict)

    def moment(self) -> float:
        """Seconds after the beginning of the command, anywhere in it."""
        return self.chance.uniform(0.02, 1.0) * self.seconds

    def start(self, run: str = "exp") -> subprocess.Popen[bytes]:
        """The command, begun; what it prints goes to a file beside the project."""
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)} | self.environment
        with self.printed_path(run).open("wb") as printed:
            return subprocess.Popen(
                [*self.prefix, *self.subject.command(run, closely=self.closely)],
                cwd=self.where,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def printed_path(self, run: str = "exp") -> Path:
        """Where the command prints."""
        return self.where.with_name(f"{self.where.name}.{run}.txt")

    def end(self, process: subprocess.Popen[bytes], run: str = "exp") -> Ended:
        """Wait for a command, and note how it ended."""
        try:
            code = process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill_all()
            code = process.wait()
            self.ended.append(Ended(code, f"HANGS: not done within {ENDS_WITHIN_S:g} s\n"))
            return self.ended[-1]
        self.ended.append(Ended(code, self.printed_path(run).read_text(errors="replace")))
        return self.ended[-1]

    def build(self) -> Ended:
        """Run the command to its end."""
        return self.end(self.start())

    def processes(self) -> list[int]:
        """All processes that work in the project."""
        return [number for number in _processes() if _works_in(number, self.where)]

    def workers(self) -> list[int]:
        """Those that do a stage's work."""
        return [number for number in self.processes() if self.subject.is_worker(_command_line(number))]

    def send(self, number: signal.Signals, processes: list[int]) -> int:
        """Signal processes; how many still were there."""
        reached = 0
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, number)
                reached += 1
        return reached

    def kill_all(self) -> None:
        """Kill whatever works in the project."""
        self.send(signal.SIGKILL, self.processes())

    def left_over(self) -> list[str]:
        """Command lines of processes that do not end by themselves."""
        end = time.monotonic() + GRACE_S
        while (there := self.processes()) and time.monotonic() < end:
            time.sleep(0.1)
        told = [_command_line(number) for number in there]
        self.kill_all()
        return told


@dataclass(frozen=True)
class Expected:
    """What a trial must end with: digests of outputs, and of the user's files."""

    outputs: dict[str, str]
    users: dict[str, str]


def judge(trial: Trial, expected: Expected) -> list[str]:
    """What is wrong after the same command was run again; empty where nothing is."""
    wrong = [] if trial.ended[-1].code == 0 else [f"the same command again: exit {trial.ended[-1].code}"]
    found = trial.subject.outputs(trial.where)
    wrong += [f"{name} is missing" for name in expected.outputs.keys() - found.keys()]
    kept = {Path(name).with_suffix(f".prev{Path(name).suffix}").as_posix(): of for name, of in trial.meanwhile.items()}
    wrong += [f"{name} differs" for name in found if found[name] not in {expected.outputs.get(name), kept.get(name)}]
    users = digests(trial.where, trial.subject.users_files(trial.where))
    wrong += [f"the user's {name}" for name in expected.users if users.get(name) != expected.users[name]]
    for ended in trial.ended if trial.subject.documented else []:
        if ended.code >= 0 and ended.code not in DOCUMENTED_EXITS:
            wrong.append(f"exit {ended.code}")
        wrong += [word for word in ("Traceback", "internal error", "HANGS") if word in ended.text]
    return wrong + [f"left over: {line}" for line in trial.left_over()]


def digests(where: Path, paths: list[Path]) -> dict[str, str]:
    """Of files, by their names in the project."""
    return {
        path.relative_to(where).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def python(*words: str) -> list[str]:
    """Words of a Python command."""
    return [sys.executable, "-m", *words]


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _works_in(number: int, where: Path) -> bool:
    with suppress(OSError):
        return number != os.getpid() and Path(f"/proc/{number}/cwd").readlink().is_relative_to(where)
    return False


def _command_line(number: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""
