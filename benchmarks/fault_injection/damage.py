"""Files that are deleted, cut, flipped or changed: what was built, and what the user gave."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.fault_injection.trial import Trial


def built_file(trial: Trial, how: str) -> str:
    """Damage one file of what is built, while something before or behind it is stale, too.

    Where size and time stay, the command that comes after is told to trust neither: an artifact that no stage reads is
    looked at by no other one.
    """
    name = trial.chance.choice(sorted(trial.subject.outputs(trial.where)))
    path = next(path for path in trial.where.rglob(Path(name).name) if path.as_posix().endswith(name))
    before, content = path.stat(), bytearray(path.read_bytes())
    if how == "deleted":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: trial.chance.randrange(len(content))])
    elif how == "emptied":
        path.write_bytes(b"")
    else:
        content[trial.chance.randrange(len(content))] ^= 1 << trial.chance.randrange(8)
        with path.open("r+b") as file:
            file.write(content)
    if how == "flipped, time kept":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    ended = trial.build()
    trial.closely = how == "flipped, time kept"
    return f"{name} {how}: exit {ended.code}"


def input_while_running(trial: Trial, label: Path) -> str:
    """Change a label while the stage runs, and back before the command is run again."""
    path = trial.where / label
    content, before = path.read_bytes(), path.stat()
    process, moment = trial.start(), trial.moment()
    time.sleep(moment)
    path.write_bytes(b"0 0.5 0.5 0.25 0.25\n")
    ended = trial.end(process)
    trial.meanwhile = trial.subject.outputs(trial.where) if ended.code == 0 else {}
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))
    return f"after {moment:.2f} s of {trial.stage}: exit {ended.code}"


def clock_backwards(trial: Trial) -> str:
    """Let all files be of tomorrow, as after a clock that was set back."""
    shift = trial.chance.choice((-1, 1)) * 86_400_000_000_000
    for path in trial.where.rglob("*"):
        if path.is_file():
            times = path.stat()
            os.utime(path, ns=(times.st_atime_ns + shift, times.st_mtime_ns + shift))
    return f"{trial.stage}: exit {trial.build().code}"


FAULTS: dict[str, Callable[[Trial], str]] = {
    **{
        f"built file {how}": partial(built_file, how=how)
        for how in ("deleted", "cut", "emptied", "flipped", "flipped, time kept")
    },
    "input changed meanwhile, and back": partial(input_while_running, label=Path("parts/labels/train/0.txt")),
    "clock set back or forth a day": clock_backwards,
}
