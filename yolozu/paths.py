"""The only place that spells a path under ``runs/``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from yolozu.errors import UsageError

RUNS_DIR = Path("runs")
RUN_ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


def check_run_id(run_id: str, *, where: str) -> str:
    """``run_id`` itself when it can name a directory under ``runs/`` and nothing else.

    Raises:
        UsageError: YZ902.
    """
    if not re.fullmatch(RUN_ID_PATTERN, run_id):
        raise UsageError.one(
            "YZ902",
            where=where,
            problem=f"{run_id!r} cannot name a run",
            fix="use 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit",
        )
    return run_id


@dataclass(frozen=True)
class RunLayout:
    """Where the files of one run live. Stage inputs and outputs are spelled relative to ``root``."""

    root: Path

    @classmethod
    def of(cls, run_id: str) -> RunLayout:
        """Layout of a run below the working directory."""
        return cls(RUNS_DIR / check_run_id(run_id, where=f"run_id={run_id}"))

    @property
    def run_id(self) -> str:
        """Name of the run."""
        return self.root.name

    @property
    def plan_dir(self) -> Path:
        """Requests, overrides, the doit database: what was decided."""
        return self.root / "plan"

    @property
    def lock_path(self) -> Path:
        """Held by the process that builds this run."""
        return self.plan_dir / "build.lock"

    @property
    def database_path(self) -> Path:
        """Doit's own records of this run."""
        return self.plan_dir / "doit.sqlite"

    @property
    def overrides_path(self) -> Path:
        """Contract path and the key=value overrides this run was given."""
        return self.plan_dir / "overrides.json"

    @property
    def operations_path(self) -> Path:
        """Operational keys (workers, log cadence): read by workers, never a reason to rebuild."""
        return self.plan_dir / "operations.json"

    @property
    def fingerprint_path(self) -> Path:
        """The data set as one file: a digest over the content of all its files."""
        return self.plan_dir / "dataset.json"

    @property
    def given_path(self) -> Path:
        """Digests of files that the contract names and no stage makes."""
        return self.plan_dir / "given.json"

    def request_path(self, stage: str) -> Path:
        """The stage's request."""
        return self.plan_dir / f"{stage}.json"

    def receipt_path(self, stage: str) -> Path:
        """The stage's receipt."""
        return self.root / "receipts" / f"{stage}.json"

    def scratch_dir(self, stage: str) -> Path:
        """Where the stage writes until its outputs are complete."""
        return self.root / "scratch" / stage


def digest_cache_path() -> Path:
    """Known digests of files by (path, size, mtime), shared by all runs of this working directory."""
    return RUNS_DIR / ".cache" / "digests.sqlite"
