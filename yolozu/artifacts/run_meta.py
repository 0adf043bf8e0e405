"""``run_meta.json``: on what machine, with which software and from which sources a training ran."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from yolozu.artifacts.digest import digest_file, digest_of
from yolozu.artifacts.record import Record, read_record, write_record
from yolozu.paths import RUNS_DIR

REQUIREMENT_FILES = ("pyproject.toml", "constraints.txt", "requirements*.txt", "uv.lock", "poetry.lock")
"""What pins dependencies, looked for in the working directory."""


class Git(Record):
    """State of the repository around the working directory."""

    sha: str
    """Commit that is checked out."""

    dirty: bool
    """Whether files that the commit tracks differ from it, other than those of runs."""

    untracked: int | None = None
    """Files and directories that the commit does not track, other than those of runs; null in earlier records."""


class DependencyLock(Record):
    """Installed software."""

    python_version: str
    """Such as 3.11.7."""

    packages: dict[str, str]
    """Distribution name, lower case -> installed version."""

    package_set_sha256: str
    """Digest over `packages`: two runs with the same one had the same packages."""

    requirements_files_sha256: dict[str, str]
    """Files in the working directory that pin dependencies -> SHA-256."""


class Hardware(Record):
    """The machine."""

    machine: str
    """Architecture, such as x86_64."""

    processor: str
    """Processor's name."""

    cpu_count: int | None
    """Logical processors this process may use; null where the system does not say."""

    memory_mib: int | None
    """Main memory in MiB; null where the system does not say."""

    gpus: list[str]
    """Names of the visible CUDA devices."""


class Runtime(Record):
    """What decides bits besides the spec."""

    platform: str
    """Operating system and its release."""

    torch: str
    """Version of torch, with its build."""

    device: str
    """Where the tensors lived."""

    processes: int
    """Processes that trained together; another number gives other bits."""

    torch_threads: int
    """Threads of one operation in each process; another number may give other bits."""

    torch_interop_threads: int
    """Operations at a time."""

    deterministic_algorithms: bool
    """Whether torch was held to deterministic algorithms."""

    float32_matmul_precision: str
    """Precision of float32 matrix products: highest, high or medium."""

    cuda: str | None
    """CUDA version torch was built with."""


class QuantizedWeights(Record):
    """What was asked for of the weights that do not train, and what was done."""

    requested: Literal["int8wo", "int4wo"]
    """Scheme of the contract."""

    applied: str | None = None
    """Scheme that was applied; null where it could not be, and weights stayed whole."""

    layers: list[str] = Field(default_factory=list)
    """Names of the layers whose weights are in few bits."""

    bytes_before: int = 0
    """Of their weights before."""

    bytes_after: int = 0
    """Of codes and scales."""


class TrainedPart(Record):
    """What of the detector trained."""

    adapted_layers: int
    """Layers that had an adapter."""

    parameters: int
    """Numbers that trained."""

    of: int
    """Numbers of the whole detector, adapters among them; a weight in few bits counts as what it stands for."""

    share: float
    """The one divided by the other."""

    optimizer_bytes: int
    """Of what the optimizer kept of them from step to step."""


class Command(Record):
    """What was typed."""

    argv: list[str]
    """Words of the command."""

    cwd: str
    """Working directory."""


class Timestamps(Record):
    """UTC, ISO 8601, of the process that finished the training."""

    started: str
    """When it began, or went on."""

    finished: str
    """When all outputs were written."""


class RunMeta(Record):
    """Provenance of one training."""

    schema_version: Literal[1] = 1
    """Version of this file's form."""

    git: Git | None
    """Null outside a repository."""

    dependency_lock: DependencyLock
    """Installed software."""

    preprocess: dict[str, Any]
    """How an image became network input."""

    hardware: Hardware
    """The machine."""

    runtime: Runtime
    """What decides bits besides the spec."""

    quantization: QuantizedWeights | None = None
    """Weights in few bits; null where none were asked for, and in earlier records."""

    trainable: TrainedPart | None = None
    """What trained; null in earlier records."""

    command: Command
    """What was typed."""

    contract_digest: str
    """SHA-256 of the whole contract."""

    dataset_digest: str
    """SHA-256 over names and contents of all files of the data set."""

    timestamps: Timestamps
    """When."""


def write_run_meta(path: Path, meta: RunMeta) -> None:
    """Replace the file at ``path``, whole or not at all."""
    write_record(path, meta)


def read_run_meta(path: Path) -> RunMeta:
    """The record at ``path``.

    Raises:
        InputError: YZ460, missing or not of this form; one finding per field.
    """
    return read_record(path, RunMeta, code="YZ460", fix="take an unedited copy, or train again")


def timestamp() -> str:
    """Now, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def git_state(directory: Path, run_dir: Path = RUNS_DIR) -> Git | None:
    """The repository around ``directory``, without what lies in ``runs/`` and in the run's own directory.

    None where there is no repository, no commit yet, or no git.
    """
    own = {path for path in (RUNS_DIR, run_dir) if (directory / path).resolve().is_relative_to(directory.resolve())}
    sha = _git(directory, "rev-parse", "--verify", "HEAD")
    status = _git(
        directory, "status", "--porcelain", "--", ":/", *(f":(exclude,literal){path}" for path in sorted(own))
    )
    if sha is None or status is None:
        return None
    lines = status.splitlines()
    untracked = sum(line.startswith("??") for line in lines)
    return Git(sha=sha, dirty=len(lines) > untracked, untracked=untracked)


def _git(directory: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(directory), *words], capture_output=True, text=True, check=False)
    except OSError:  # no git on this machine
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def dependency_lock(directory: Path) -> DependencyLock:
    """Installed packages, and the files in ``directory`` that pin them."""
    packages = {entry.name.lower(): entry.version for entry in metadata.distributions() if entry.name is not None}
    packages = dict(sorted(packages.items()))
    files = sorted(path for pattern in REQUIREMENT_FILES for path in directory.glob(pattern) if path.is_file())
    return DependencyLock(
        python_version=platform.python_version(),
        packages=packages,
        package_set_sha256=digest_of(packages),
        requirements_files_sha256={path.name: digest_file(path) for path in files},
    )


def hardware() -> Hardware:
    """The machine this process runs on."""
    import torch

    return Hardware(
        machine=platform.machine(),
        processor=_processor_name(),
        cpu_count=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        memory_mib=_memory_mib(),
        gpus=[torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
    )


def runtime(device: str, *, deterministic: bool, processes: int = 1) -> Runtime:
    """What decides bits besides the spec, in this process.

    Args:
        device: where the tensors lived.
        deterministic: whether torch was held to deterministic algorithms.
        processes: that trained together.
    """
    import torch

    return Runtime(
        platform=platform.platform(),
        torch=torch.__version__,
        device=device,
        processes=processes,
        torch_threads=torch.get_num_threads(),
        torch_interop_threads=torch.get_num_interop_threads(),
        deterministic_algorithms=deterministic,
        float32_matmul_precision=torch.get_float32_matmul_precision(),
        cuda=torch.version.cuda,
    )


def _processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _memory_mib() -> int | None:
    if sys.platform == "win32" or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
