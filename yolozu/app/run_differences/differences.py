"""What a comparison of two runs reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from yolozu.errors import Finding

SCHEMA_VERSION = 1

Outcome = Literal["equal", "equal but for times", "of its own run", "differs", "only in A", "only in B"]
"""What a stage gave in both runs. Of its own run: a report tells of its run and is never equal to another's."""


@dataclass(frozen=True)
class Difference:
    """Something that has two values.

    Attributes:
        name: a key of the contract, or what it is in words.
        a: in the first run, as JSON; None where it is not known, or is null.
        b: in the second run.
        stages: that read the key; empty for other things.
    """

    name: str
    a: Any
    b: Any
    stages: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageDifference:
    """One stage in both runs.

    Attributes:
        stage: its name.
        outcome: of both, as a whole.
        expected: whether keys, version or inputs differ, so that other results are no wonder.
        because: keys, inputs and the version of the code that differ.
        outputs: paths whose content differs, with both digests.
        taken: the run that made the result, of each run that took it from the store.
    """

    stage: str
    outcome: Outcome
    expected: bool
    because: tuple[str, ...] = ()
    outputs: tuple[Difference, ...] = ()
    taken: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True)
class RowDifference:
    """The first row of metrics that differs.

    Attributes:
        step: its optimizer step.
        epoch: its epoch.
        kind: of row.
        name: of the loss or metric.
        a: its value in the first run.
        b: its value in the second run.
        last_equal: optimizer step of the last equal row before it; None where it is the first one.
    """

    step: int
    epoch: int | None
    kind: str
    name: str
    a: float | None
    b: float | None
    last_equal: int | None


@dataclass(frozen=True)
class Divergence:
    """Where two trainings part.

    Attributes:
        should_be_equal: whether keys, version and inputs of both are the same.
        because: what of them differs.
        compared_rows: rows of training that both have.
        first_step: the first of them that differs; None where all are equal.
        compared_validations: rows of validation that both have.
        first_validation: the first of them that differs.
        checkpoints: those that differ, with both digests.
        resumed_at: optimizer step at which the process that finished each run went on; None where it began there.
    """

    should_be_equal: bool
    because: tuple[str, ...]
    compared_rows: int
    first_step: RowDifference | None
    compared_validations: int
    first_validation: RowDifference | None
    checkpoints: tuple[Difference, ...]
    resumed_at: tuple[int | None, int | None]

    @property
    def parted(self) -> bool:
        """Whether the trainings are not equal."""
        return self.first_step is not None or self.first_validation is not None or bool(self.checkpoints)


@dataclass(frozen=True)
class Cause:
    """Something that may be why results differ that should be equal.

    Attributes:
        name: ``threads``, ``torch``, ``device``, ``machine``, ``code``, ``resumed``, …; ``unexplained``.
        text: why, in a sentence.
        differences: what is recorded of it.
    """

    name: str
    text: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class RunDifferences:
    """All of it, layer by layer; a layer in which nothing differs is empty.

    Attributes:
        a: name and directory of the first run.
        b: of the second run.
        contract: keys that decide results.
        operations: keys that decide no result.
        data: the data set.
        code: versions of the code.
        environment: software and machines.
        stages: all stages that one of them has.
        metrics: that differ.
        equal_metrics: how many do not.
        training: where the trainings part; None where one of them has none.
        causes: the likeliest first; empty where there is nothing to explain.
        same: what is the same, layer -> a few words.
        findings: what could not be compared, as warnings.
    """

    a: dict[str, str]
    b: dict[str, str]
    contract: tuple[Difference, ...]
    operations: tuple[Difference, ...]
    data: tuple[Difference, ...]
    code: tuple[Difference, ...]
    environment: tuple[Difference, ...]
    stages: tuple[StageDifference, ...]
    metrics: tuple[Difference, ...]
    equal_metrics: int
    training: Divergence | None
    causes: tuple[Cause, ...]
    same: dict[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def differ(self) -> bool:
        """Whether contract, data or results differ; other code, software or machines alone are no difference."""
        alike = ("equal", "equal but for times", "of its own run")
        return bool(self.contract or self.data or any(stage.outcome not in alike for stage in self.stages))

    def to_json(self) -> dict[str, Any]:
        """The report."""
        return {"schema_version": SCHEMA_VERSION, "differ": self.differ, **asdict(self)}
