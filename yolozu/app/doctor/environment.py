"""Python, packages, device, threads, disk: what can be told without importing torch."""

from __future__ import annotations

import os
import platform
import re
import shutil
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.app.doctor.verdicts import Verdict
from yolozu.devices import check_device, cuda_devices
from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR
from yolozu.system import THREADS, available_cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PACKAGE = "yolozu"
NAMED = ("torch", "onnxruntime", "numpy")
"""Packages whose versions are worth a word."""

GB = 1e9
LITTLE_GB, TOO_LITTLE_GB = 5.0, 0.5
"""Of free space: a run of a full RT-DETR keeps four checkpoints of up to .5 GB each while it saves."""


def environment_verdicts(device: str, num_threads: int | None = None) -> list[Verdict]:
    """What this machine and its Python are like, for a contract with this ``device`` and ``num_threads``."""
    return [
        Verdict("Python", "ok", platform.python_version()),
        packages(metadata.requires(PACKAGE), installed()),
        device_verdict(device),
        threads(available_cores(), os.environ, num_threads=num_threads, load=load_of_cores()),
        Verdict("telemetry", "ok", "ONNX Runtime's is switched off by yolozu before it is imported"),
        disk(RUNS_DIR),
    ]


def installed() -> dict[str, str]:
    """Version of every installed package, by its lower-case name."""
    return {entry.metadata["Name"].lower(): entry.version for entry in metadata.distributions()}


def packages(required: Sequence[str] | None, found: Mapping[str, str]) -> Verdict:
    """Whether the packages that are needed are there, in the versions that are needed.

    Args:
        required: requirements as a package's metadata has them; those of extras are passed over.
        found: name -> version.
    """
    bad = list(_unmet(required or (), found))
    if bad:
        return Verdict("packages", "wrong", "; ".join(bad), f"pip install --upgrade {PACKAGE}")
    named = ", ".join(f"{name} {found[name]}" for name in NAMED if name in found)
    return Verdict("packages", "ok", named)


def _unmet(required: Sequence[str], found: Mapping[str, str]) -> Iterator[str]:
    for requirement in required:
        match = re.match(r"([\w.-]+)\s*>=\s*([\d.]+)", requirement)
        if match is None or "extra ==" in requirement:
            continue
        name, least = match.groups()
        version = found.get(name.lower())
        if version is None:
            yield f"{name} is not installed"
        elif _numbers(version) < _numbers(least):
            yield f"{name} {version} is older than {least}"


def _numbers(version: str) -> tuple[int, ...]:
    """``2.11.0+cpu`` -> (2, 11, 0)."""
    leading = re.match(r"[\d.]*\d", version)
    return tuple(int(part) for part in leading[0].split(".")) if leading is not None else ()


def device_verdict(device: str) -> Verdict:
    """Whether the contract's device is there, and whether a better one lies idle."""
    try:
        check_device(device)
    except UsageError as error:
        found = error.findings[0]
        return Verdict("device", "wrong", found.problem, found.fix)
    idle = 0 if device != "cpu" else cuda_devices()
    if idle:
        said = f"cpu, though torch can use {idle} CUDA device{'' if idle == 1 else 's'} here"
        return Verdict("device", "warning", said, "set device: cuda")
    return Verdict("device", "ok", device)


def load_of_cores() -> float:
    """Processes that wanted a core in the last minute, for each core there is; 0 where the system does not say."""
    cores = os.cpu_count()
    return os.getloadavg()[0] / cores if cores is not None and hasattr(os, "getloadavg") else 0.0


def threads(
    cores: int, environment: Mapping[str, str], *, num_threads: int | None = None, load: float = 0.0
) -> Verdict:
    """Whether torch uses the cores there are, and does not wait for those that others use.

    Args:
        cores: that this process may use.
        environment: of this process.
        num_threads: of the contract, which goes before what the environment says.
        load: as `load_of_cores` gives it.
    """
    there = f"{cores} core{'' if cores == 1 else 's'}"
    if num_threads is not None:
        return Verdict("threads", "ok", f"num_threads {num_threads}, of {there}")
    said = environment.get(THREADS)
    if said is None and cores > 1 and load >= 1.0:
        problem = f"{there}, all of them busy already: threads that wait for one another lose most of their share"
        return Verdict("threads", "warning", problem, "set num_threads: 1 while others are at work here")
    if said is not None and said.isdigit() and 0 < int(said) < cores:
        return Verdict(
            "threads", "warning", f"{THREADS}={said}, of {cores} cores", f"unset {THREADS} to use all of them"
        )
    return Verdict("threads", "ok", there)


def disk(directory: Path) -> Verdict:
    """Whether a run has room where it will be."""
    there = next(place for place in (directory.absolute(), *directory.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free / GB
    said = f"{free:.1f} GB free in {'.' if there == Path.cwd() else there}"
    if free < TOO_LITTLE_GB:
        return Verdict("disk", "wrong", said, "make room: a checkpoint alone may need it all")
    if free < LITTLE_GB:
        return Verdict("disk", "warning", said, "make room: a run keeps several checkpoints of up to .5 GB")
    return Verdict("disk", "ok", said)
