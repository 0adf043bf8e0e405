"""A power cut, a full disk, directories that cannot be written: needs root on Linux, for mounts."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.fault_injection.trial import Trial

DISK_MIB = 160
MIB = 1 << 20


def power_cut(trial: Trial) -> str:
    """Go on with what had reached the disk at one moment, and with nothing else.

    The project lies on an ext4 of its own, in a file. All processes are stopped, the file is copied, and the copy is
    mounted in its place: data and names that nobody had synced are not in it. The file system writes nothing back by
    itself meanwhile (`commit=300`), and does not guess that a rename means a sync (`noauto_da_alloc`).
    """
    disk = trial.where.with_name(f"{trial.where.name}.ext4")
    later = disk.with_suffix(".later")
    with disk.open("wb") as file:
        file.truncate(DISK_MIB * MIB)
    run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(disk))
    with mounted(trial.where, "-o", "loop,noauto_da_alloc,commit=300,noatime", str(disk), keep=True):
        run("sync", "-f", str(trial.where))
        process, moment = trial.start(), trial.moment()
        time.sleep(moment)
        trial.send(signal.SIGSTOP, trial.processes())
        run("cp", "--sparse=always", str(disk), str(later))
        trial.kill_all()
        process.wait()
    with mounted(trial.where, "-o", "loop", str(later)):
        ended = trial.build()
        shutil.copytree(trial.where, kept := trial.where.with_suffix(".kept"), symlinks=True)
    shutil.rmtree(trial.where)
    kept.rename(trial.where)
    disk.unlink()
    later.unlink()
    return f"after {moment:.2f} s of {trial.stage}: then exit {ended.code}"


def disk_full(trial: Trial) -> str:
    """Leave a few hundred KiB on the disk, until the command has ended."""
    size = sum(path.stat().st_size for path in trial.where.rglob("*") if path.is_file())
    room = trial.chance.randrange(16, 2048) * 1024
    with mounted(trial.where, "-t", "tmpfs", "-o", f"size={2 * size + 64 * MIB}", "none", keep=True):
        filler = trial.where / "filler"
        free = shutil.disk_usage(trial.where).free
        with filler.open("wb") as file:
            for _ in range((free - room) // 4096):
                file.write(bytes(4096))
        ended = trial.build()
        filler.unlink()
        trial.build()
        shutil.copytree(trial.where, kept := trial.where.with_suffix(".kept"), symlinks=True)
    shutil.rmtree(trial.where)
    kept.rename(trial.where)
    return f"{room >> 10} KiB left for {trial.stage}: exit {ended.code}"


def read_only(trial: Trial) -> str:
    """Let one directory of the run be read only, until the command has ended."""
    directory = trial.chance.choice(sorted(path for path in trial.where.rglob("*") if path.is_dir()))
    run("mount", "--bind", str(directory), str(directory))
    run("mount", "-o", "remount,bind,ro", str(directory))
    try:
        ended = trial.build()
    finally:
        unmount(directory)
    return f"{directory.relative_to(trial.where)}: exit {ended.code}"


@contextmanager
def mounted(where: Path, *words: str, keep: bool = False) -> Iterator[None]:
    """A file system at ``where``, with what is there in it where ``keep`` says so."""
    inside = where.with_suffix(".inside")
    if keep:
        where.rename(inside)
        where.mkdir()
    run("mount", *words, str(where))
    try:
        if keep:
            shutil.copytree(inside, where, dirs_exist_ok=True, symlinks=True)
            shutil.rmtree(inside)
        yield
    finally:
        unmount(where)


def unmount(where: Path) -> None:
    """Take a file system away, once nobody uses it any more."""
    for _ in range(50):
        if subprocess.run(["umount", str(where)], check=False, capture_output=True).returncode == 0:
            return
        time.sleep(0.2)
    run("umount", "-l", str(where))


def run(*words: str) -> None:
    """Run a command that must not fail."""
    subprocess.run(words, check=True, capture_output=True)


FAULTS: dict[str, Callable[[Trial], str]] = {
    "power cut": power_cut,
    "disk full": disk_full,
    "read-only directory": read_only,
}
