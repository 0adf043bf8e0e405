"""Every kind of file spoiled thousands of times: whether what reads it says so in words, how soon, in how much memory.

    python -m benchmarks.fuzz DIR [READER ...] [--examples 5000] [--minutes 60] [--seed 0]

Each reader of `tests/fuzz/targets.py` is tried in a process of its own, with the changes and the verdict of
`tests/fuzz`: a documented exit code, no traceback, no control character, within 30 s; warnings are errors. A row says
how many inputs were tried, on how many the verdict failed and where, the seconds that one command took for the slowest
input, and the largest resident memory of the process beside that after reading the file as it is. Readers share the
minutes: what one leaves, the next ones have. In ``DIR`` are a JSON file for each reader, which is not tried again while
its file is there, and inputs that failed, one for each place, with what was said. Linux only.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from PIL.Image import DecompressionBombWarning

from tests.fuzz.judging import judge
from tests.fuzz.mutations import Change, lists_of_changes, spoiled
from tests.fuzz.targets import TARGETS, write_project

MEMORY = 8 << 30
"""Bytes of address space that a reader gets: what wants more fails with a ``MemoryError``, and is a finding."""
PATIENCE_S = 120
"""How much longer than its share a process may take, in case a library does not come back."""
FRAME = re.compile(r'File "([^"]+)", line (\d+)')
REPORTED = re.compile(r"please report it with the traceback in (\S+)")


@dataclass
class Tally:
    """What trying one reader came to.

    Attributes:
        examples: inputs that were tried.
        failed: of them, those on which the verdict failed.
        places: places that raised, each with the number of inputs.
        slowest: seconds of one command on the slowest input.
        seconds: seconds of all.
        memory: largest resident memory, in MiB.
        whole_memory: the same after reading the file as it is.
        died: what ended the process before its time, if something did.
    """

    examples: int = 0
    failed: int = 0
    places: dict[str, int] | None = None
    slowest: float = 0.0
    seconds: float = 0.0
    memory: float = 0.0
    whole_memory: float = 0.0
    died: str = ""


class Printed:
    """Standard output and error as files would be, so that what no file can hold is an error."""

    def __init__(self) -> None:
        self.stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)

    def texts(self) -> list[str]:
        """What was written since the last time."""
        self.stream.flush()
        raw = self.stream.buffer
        assert isinstance(raw, io.BytesIO)
        text = raw.getvalue().decode()
        raw.seek(0)
        raw.truncate()
        return [text]


class Trial:
    """One reader, tried on one input after the other."""

    def __init__(self, name: str, directory: Path, project: Path) -> None:
        self.target, self.project, self.directory = TARGETS[name], project, directory
        self.whole = (project / self.target.path).read_bytes()
        self.printed = Printed()
        self.places: dict[str, int] = {}
        self.tally = Tally(places=self.places)

    def judge(self, data: bytes) -> float:
        """Seconds of the command that took longest."""
        with redirect_stdout(self.printed.stream), redirect_stderr(self.printed.stream):
            return judge(self.project, self.target, data, self.printed.texts)

    def attempt(self, data: bytes) -> None:
        """Try an input, and keep it where the verdict fails for a reason that is new."""
        began = time.perf_counter()
        try:
            longest = self.judge(data)
        except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
            self.failed(data, error)
            longest = time.perf_counter() - began
        if longest > self.tally.slowest:
            self.tally.slowest = longest
            (self.directory / "slowest").write_bytes(data)
        self.tally.examples += 1

    def failed(self, data: bytes, error: Exception) -> None:
        """Count the place where the verdict failed, and keep the first input that leads there."""
        self.tally.failed += 1
        self.printed.texts()
        told = told_by(error)
        place = place_in(told)
        self.places[place] = self.places.get(place, 0) + 1
        if self.places[place] == 1:
            (self.directory / f"failed-{len(self.places)}").write_bytes(data)
            (self.directory / f"failed-{len(self.places)}.txt").write_text(told, errors="backslashreplace")


def told_by(error: Exception) -> str:
    """What a command said, with the traceback that it tells to report; or that of what a function raised."""
    match error.args:
        case [(command, str() as said)]:
            reported = "".join(Path(path).read_text() for path in REPORTED.findall(said))
            return f"{command}\n{said}\n{reported}"
    return "".join(traceback.format_exception(error))


def place_in(told: str) -> str:
    """File and line that raised, or the line with a control character, or how what was said ends."""
    frames = FRAME.findall(told)
    if frames:
        return ":".join(frames[-1])
    colored = [line for line in told.splitlines() if "\x1b" in line]
    return ascii((colored or told.splitlines()[-1:])[0].strip())


def own_peak_mib() -> float:
    """Largest resident memory of this process."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found.group(1)) / 1024


def attempt_all(name: str, directory: Path, examples: int, seconds: float, number: int) -> Tally:
    """Try a reader in this process, until there were enough inputs or the time is over."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("error")
    warnings.simplefilter("default", DecompressionBombWarning)
    with tempfile.TemporaryDirectory() as scratch:
        project = write_project(Path(scratch) / "project")
        os.chdir(project)
        trial = Trial(name, directory, project)
        trial.judge(trial.whole)
        trial.tally.whole_memory = own_peak_mib()
        began = time.perf_counter()

        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(lists_of_changes(is_json=trial.target.is_json))
        def tried(changes: list[Change]) -> None:
            if time.perf_counter() - began < seconds:
                trial.attempt(spoiled(trial.whole, changes, is_json=trial.target.is_json))

        tried()
        os.chdir("/")
    trial.tally.seconds, trial.tally.memory = time.perf_counter() - began, own_peak_mib()
    return trial.tally


def tallied(name: str, root: Path, examples: int, seconds: float, number: int) -> Tally:
    """Try a reader in a process of its own, unless an earlier command did."""
    directory = root / name.replace(" ", "-")
    path = directory / "tally.json"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.fuzz", str(root), name, "--here", "--seed", str(number)]
        command += ["--examples", str(examples), "--minutes", str(seconds / 60)]
        try:
            done = subprocess.run(command, check=False, timeout=seconds + PATIENCE_S, capture_output=True, text=True)
            died = "" if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr[-300:]}"
        except subprocess.TimeoutExpired:
            died = "no end"
        if died:
            return Tally(failed=1, died=died)
    return Tally(**json.loads(path.read_text()))


def row(name: str, tally: Tally) -> str:
    numbers = f"{tally.examples} | {tally.failed} | {tally.slowest:.2f} | {tally.memory:.0f} | {tally.whole_memory:.0f}"
    return (
        f"| {name} | {numbers} | {tally.seconds:.0f} | {'; '.join(filter(None, [*(tally.places or {}), tally.died]))} |"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("readers", nargs="*", metavar="READER", help="names of `tests/fuzz/targets.py`; all of them")
    arguments.add_argument("--examples", type=int, default=5000)
    arguments.add_argument("--minutes", type=float, default=60.0)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    root, ends = options.directory.resolve(), time.perf_counter() + 60 * options.minutes
    names = options.readers or list(TARGETS)
    if options.here:
        directory = root / names[0].replace(" ", "-")
        tally = attempt_all(names[0], directory, options.examples, 60 * options.minutes, options.seed)
        (directory / "tally.json").write_text(json.dumps(asdict(tally), indent=2))
        return
    titles = ("reader", "inputs", "failed", "slowest s", "most MiB", "MiB as it is", "s", "where")
    print(f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}", sep="\n", flush=True)
    for place, name in enumerate(names):
        share = max(0.0, ends - time.perf_counter()) / (len(names) - place)
        print(row(name, tallied(name, root, options.examples, share, options.seed)), flush=True)


if __name__ == "__main__":
    main()
