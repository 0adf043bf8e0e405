"""The only place that spells a path of a run, under ``runs/`` or wherever else its directory is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from yolozu.errors import UsageError

RUNS_DIR = Path("runs")
BEST_CHECKPOINT = "checkpoints/best.pt"
TRAIN_METRICS = "reports/train_metrics.jsonl"

OWN_DIRECTORIES = ("plan", "receipts", "scratch", "data", "reports/black_box")
"""Directories of a run in which nobody else may write."""

OWN_FILES = (
    "checkpoints/best.prev.pt",
    "reports/config_resolved.yaml",
)
"""Files of a run, relative to its directory, that are written by no stage."""

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

    @classmethod
    def at(cls, directory: str) -> RunLayout:
        """Layout of a run in a directory anywhere; its last component is the name of the run."""
        root = Path(directory)
        check_run_id(root.name, where=f"run_dir={directory}")
        return cls(root)

    @property
    def run_id(self) -> str:
        """Name of the run."""
        return self.root.name

    @property
    def word(self) -> str:
        """What a command line says to mean this run."""
        return f"run_id={self.run_id}" if self.root.parent == RUNS_DIR else f"run_dir={self.root}"

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
    def remote_trouble_path(self) -> Path:
        """Why the remote store is not used by the build that goes on; not there where nothing is wrong with it."""
        return self.plan_dir / "store_remote.txt"

    @property
    def fingerprint_path(self) -> Path:
        """The data set as one file: a digest over the content of all its files."""
        return self.plan_dir / "dataset.json"

    @property
    def init_path(self) -> Path:
        """Digests of the weights that training starts from."""
        return self.plan_dir / "init_from.json"

    @property
    def backgrounds_path(self) -> Path:
        """Digest of the pictures that training pastes objects onto."""
        return self.plan_dir / "backgrounds.json"

    @property
    def earlier_path(self) -> Path:
        """Digests of what training uses of earlier runs."""
        return self.plan_dir / "earlier.json"

    @property
    def earlier_tasks_path(self) -> Path:
        """Earlier runs, and digests of what they predicted, for the report of what was forgotten."""
        return self.plan_dir / "earlier_tasks.json"

    @property
    def scenario_setting_path(self) -> Path:
        """Setting of the scenario suite, resolved."""
        return self.plan_dir / "scenario_setting.json"

    @property
    def leftovers_path(self) -> Path:
        """Files that earlier contracts of this run asked for and the present one does not."""
        return self.plan_dir / "leftovers.json"

    @property
    def receipts_dir(self) -> Path:
        """Receipts of all stages."""
        return self.root / "receipts"

    @property
    def given_path(self) -> Path:
        """Digests of files that the contract names and no stage makes."""
        return self.plan_dir / "given.json"

    @property
    def evidence_dir(self) -> Path:
        """Where a stage that fails leaves what explains it."""
        return self.root / "reports"

    def request_path(self, stage: str) -> Path:
        """The stage's request."""
        return self.plan_dir / f"{stage}.json"

    def receipt_path(self, stage: str) -> Path:
        """The stage's receipt."""
        return self.receipts_dir / f"{stage}.json"

    def scratch_dir(self, stage: str) -> Path:
        """Where the stage writes until its outputs are complete."""
        return self.root / "scratch" / stage

    def job_dir(self, stage: str) -> Path:
        """Files by which a builder and a machine elsewhere talk while the stage runs there."""
        return self.root / "scratch" / f"{stage}.job"


def proofs_dir() -> Path:
    """Where `yolozu verify-resume` trains; no run lives there, because no run's name begins with a dot."""
    return RUNS_DIR / ".verify-resume"


def store_path() -> Path:
    """Results of stages by what they were made of, shared by all runs built from this working directory."""
    return RUNS_DIR / ".store"


def search_journal_path(run_id: str) -> Path:
    """Which runs a sweep has searched for, and which of them it has ended early."""
    return RUNS_DIR / ".sweeps" / f"{run_id}.jsonl"


def digest_cache_path() -> Path:
    """Known digests of files by (path, size, mtime), shared by all runs built from this working directory."""
    return RUNS_DIR / ".cache" / "digests.sqlite"


def interval_cache_path() -> Path:
    """Known intervals of metrics, by what they were drawn of."""
    return RUNS_DIR / ".cache" / "intervals.sqlite"
