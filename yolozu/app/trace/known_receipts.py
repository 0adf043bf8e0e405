"""All receipts that a file can be held against: those of runs, and those of results that a store keeps."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import digest_of
from yolozu.engine.store.named import runs_below
from yolozu.engine.store.store import CAME_FROM, Store
from yolozu.errors import Finding, InputError
from yolozu.paths import RunLayout
from yolozu.planning.receipt import Receipt, receipt_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STORE = ".store"
UNNAMED = "another run"


@dataclass(frozen=True)
class KnownReceipt:
    """A receipt and where it is.

    Attributes:
        receipt: what it says.
        path: the file.
        run: name of the run that it is of; of one in a store, the run that made the result.
        root: directory that its outputs are relative to.
        in_store: whether it lies in a store.
    """

    receipt: Receipt
    path: Path
    run: str
    root: Path
    in_store: bool = False

    @property
    def stage(self) -> str:
        """The stage that it is of."""
        return self.receipt.stage

    @property
    def made_by(self) -> str:
        """The run whose worker made the result."""
        return self.receipt.ran_on.get(CAME_FROM, self.run)


@dataclass(frozen=True)
class Output:
    """An output that a receipt names."""

    of: KnownReceipt
    path: str
    sha256: str


@dataclass
class KnownReceipts:
    """All receipts, by what they say.

    Attributes:
        receipts: those of runs first, then those of stores; earlier ones first.
        run_dirs: directories of all runs.
        findings: receipts that cannot be read, as warnings.
    """

    receipts: list[KnownReceipt]
    run_dirs: list[Path]
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._outputs: dict[str, list[Output]] = {}
        self._readers: dict[str, list[tuple[KnownReceipt, str]]] = {}
        self._trainings: dict[str, list[KnownReceipt]] = {}
        self._runs: dict[Path, dict[str, KnownReceipt]] = {}
        resolved = {root: root.resolve() for root in dict.fromkeys(known.root for known in self.receipts)}
        for known in self.receipts:
            for path, digest in known.receipt.outputs.items():
                if digest is not None:
                    self._outputs.setdefault(digest, []).append(Output(known, path, digest))
            for name, digest in known.receipt.inputs.items():
                self._readers.setdefault(digest, []).append((known, name))
            self._runs.setdefault(resolved[known.root], {})[known.stage] = known
            if known.stage == "train":
                self._trainings.setdefault(digest_of(known.receipt.spec), []).append(known)

    def outputs(self, sha256: str, near: Path | None = None) -> list[Output]:
        """Outputs with these bytes: of the run at ``near`` first, then of other runs, then of stores; earlier first."""
        own = {} if near is None else self.of_run(near)
        return sorted(self._outputs.get(sha256, []), key=lambda output: own.get(output.of.stage) is not output.of)

    def readers(self, sha256: str) -> list[tuple[KnownReceipt, str]]:
        """Stages that have read these bytes, each with the name of the input."""
        return self._readers.get(sha256, [])

    def trainings(self, spec_digest: str) -> list[KnownReceipt]:
        """Trainings whose spec has this digest, as checkpoints and ONNX files state it."""
        return self._trainings.get(spec_digest, [])

    def of_run(self, root: Path) -> dict[str, KnownReceipt]:
        """Stage -> receipt of the run in a directory."""
        return self._runs.get(root.resolve(), {})


def known_receipts(runs_dir: Path, further: Iterable[Path] = (), stores: Iterable[Path] = ()) -> KnownReceipts:
    """The receipts of all runs below ``runs_dir`` and of its store, and of runs elsewhere with the stores beside them.

    Args:
        runs_dir: where runs lie; nothing is found where it is no directory.
        further: directories of other runs.
        stores: directories of other stores.
    """
    roots = [runs_dir, *(run for run in further if not _is_below(run, runs_dir))]
    runs = [run for root in roots if root.is_dir() for run in runs_below(root)]
    places = dict.fromkeys((runs_dir / STORE, *(run.parent / STORE for run in roots[1:]), *stores))
    findings: list[Finding] = []
    found = [known for run in runs for known in _of_run(run, findings)]
    found.sort(key=lambda known: known.receipt.started_at)
    kept = [known for directory in places if directory.is_dir() for known in _of_store(Store(directory))]
    kept.sort(key=lambda known: known.receipt.started_at)
    return KnownReceipts([*found, *kept], runs, findings)


def run_around(path: Path) -> Path | None:
    """Directory of the run that a file lies in; None where it lies in none."""
    for directory in Path(os.path.abspath(path)).parents:  # noqa: PTH100 - links stay
        if RunLayout(directory).receipts_dir.is_dir():
            return directory
    return None


def _is_below(run: Path, directory: Path) -> bool:
    return run.resolve().is_relative_to(directory.resolve())


def _of_run(run: Path, findings: list[Finding]) -> Iterator[KnownReceipt]:
    for path in receipt_paths(RunLayout(run).receipts_dir):
        try:
            receipt = Receipt.read(path)
        except InputError as error:
            fix = "what this stage made is traced without it; yolozu status names the run's stages"
            findings += [
                Finding("YZ775", one.where, f"receipt that is passed over: {one.problem}", fix, "warning")
                for one in error.findings
            ]
            continue
        if receipt is not None:
            yield KnownReceipt(receipt, path, run.resolve().name, run)


def _of_store(store: Store) -> Iterator[KnownReceipt]:
    for key in store.all_keys():
        receipt = store.receipt(key)
        if receipt is not None:
            made_by = receipt.ran_on.get(CAME_FROM, UNNAMED)
            yield KnownReceipt(receipt, store.entry(key) / "receipt.json", made_by, store.files(key), in_store=True)
