"""The two runs that are held against each other: their receipts, and what these prove of the files beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.trace.planned_files import planned_file
from yolozu.app.trace.training_record import RUN_META, read_record
from yolozu.artifacts.digest import DigestCache
from yolozu.engine.run_names import known_run
from yolozu.errors import Finding, InputError, UsageError, YolozuError
from yolozu.planning.receipt import Receipt, receipt_paths
from yolozu.stages.registry import STAGES

if TYPE_CHECKING:
    from yolozu.paths import RunLayout

FINGERPRINT = "plan/dataset.json"


@dataclass(frozen=True)
class RunSide:
    """One of the runs.

    Attributes:
        name: as it was called.
        layout: where it is.
        receipts: stage -> its receipt, in the order of the pipeline.
        findings: what of the run cannot be compared, as warnings; grows while it is read.
    """

    name: str
    layout: RunLayout
    receipts: dict[str, Receipt]
    findings: list[Finding] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The run's directory."""
        return self.layout.root

    @property
    def trained(self) -> Receipt | None:
        """Receipt of the training."""
        return self.receipts.get("train")

    def made(self, stage: str, path: str) -> Path | None:
        """A file as the stage made it; None where there is none, or it has changed since, which is told."""
        digest = self.receipts[stage].outputs.get(path) if stage in self.receipts else None
        if digest is None:
            return None
        with DigestCache(None) as cache:
            if cache.file_if_readable(self.root / path) == digest:
                return self.root / path
        told = Finding(
            "YZ782",
            str(self.root / path),
            f"is not what {stage} made, or is gone, and is not compared",
            f"yolozu why {self.layout.word} says what would build it again",
            "warning",
        )
        if told not in self.findings:
            self.findings.append(told)
        return None

    @cached_property
    def record(self) -> dict[str, Any] | None:
        """The record of the training; None where there is none that its receipt proves."""
        path = self.made("train", RUN_META)
        return None if path is None else read_record(path)

    @cached_property
    def data(self) -> dict[str, Any] | None:
        """The data set as the run has read it; None where that is not known any more."""
        receipt = self.receipts.get("prepare_data")
        digest = None if receipt is None else receipt.inputs.get("fingerprint")
        found = None if digest is None else planned_file(FINGERPRINT, digest, [self.root])
        if found is None and self.record is not None:
            return {"digest": self.record["dataset_digest"]}
        return found


def open_sides(words: tuple[str, str]) -> tuple[RunSide, RunSide]:
    """The runs that two words mean.

    Raises:
        UsageError: YZ850 a word means no run, YZ780 both mean one, YZ781 nothing of a run is built; all that is wrong.
    """
    findings: list[Finding] = []
    layouts: list[RunLayout] = []
    for word in words:
        try:
            layouts.append(known_run(word))
        except YolozuError as error:
            findings += error.findings
    if len(layouts) == 2 and layouts[0].root.resolve() == layouts[1].root.resolve():
        findings.append(Finding("YZ780", " ".join(words), "both are the same run", "name two runs"))
    sides = []
    for layout in layouts if not findings else []:
        side = _side(layout)
        sides.append(side)
        if not side.receipts:
            fix = f"build it first: yolozu run {layout.word}"
            findings.append(Finding("YZ781", str(layout.root), "no stage of this run is finished", fix))
    if findings:
        raise UsageError(findings)
    return sides[0], sides[1]


def _side(layout: RunLayout) -> RunSide:
    receipts: dict[str, Receipt] = {}
    findings: list[Finding] = []
    for path in receipt_paths(layout.receipts_dir):
        try:
            receipt = Receipt.read(path)
        except InputError as error:
            fix = "what this stage made is compared without it"
            findings += [Finding("YZ775", one.where, one.problem, fix, "warning") for one in error.findings]
            continue
        if receipt is not None:
            receipts[receipt.stage] = receipt
    order = {stage: place for place, stage in enumerate(STAGES)}
    ordered = sorted(receipts, key=lambda stage: (order.get(stage, len(order)), stage))
    return RunSide(layout.run_id, layout, {stage: receipts[stage] for stage in ordered}, findings)
