"""What a stage is: a declaration of its spec, inputs and outputs, and a function of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from yolozu.contract.base import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.contract.sections.run import Contract
    from yolozu.data.moved import Moved
    from yolozu.progress import Progress, Stopper


class StageSpec(Section):
    """The slice of the contract one stage reads: its fields are sections, named as in `Contract`."""

    @classmethod
    def slice_of(cls, contract: Contract) -> StageSpec:
        """This stage's part of ``contract``."""
        return cls(**{name: getattr(contract, name) for name in cls.model_fields})

    @classmethod
    def obstacle(cls, old: dict[str, Any], new: dict[str, Any], *, finished: bool) -> str | None:  # noqa: ARG003 - for stages that can go on
        """Why work for spec ``old`` cannot be carried on to ``new`` but is made afresh; None where it can.

        Args:
            old: as JSON, in the form of `yolozu.contract.spec_history.comparable`.
            new: likewise; not equal to ``old``.
            finished: whether the work is a finished result; else it was stopped or killed on the way.

        Returns:
            Words for people; empty where the differing keys say it all.
        """
        return ""

    def wanted(self) -> bool:
        """Whether the stage is part of the contract's plan."""
        return True

    def absent_inputs(self) -> Collection[str]:
        """Names of optional inputs that there are not under this spec: the stage finds None in their place."""
        return ()

    def needs_device(self) -> str:
        """The device without which the stage cannot run; ``cpu`` where it makes do with what there is."""
        return "cpu"

    def runs_as_several(self) -> bool:
        """Whether the stage is run by several processes together (`nproc_per_node`), started by torchrun."""
        return False


@dataclass(frozen=True)
class Link:
    """How a declared path is found: made by another stage (``"train.best"``), or spelled below the run directory.

    The target of ``gives_at`` is not the path but the key of the spec that holds it.
    """

    target: str
    kind: Literal["needs", "after", "reads", "records", "gives", "gives_at"]
    optional: bool = False
    carry: bool = False
    keep_previous: bool = False


def needs(output: str, *, optional: bool = False) -> Any:
    """An input that another stage gives, as ``"stage.output"``; other content makes this stage stale.

    Args:
        output: stage and output.
        optional: the stage finds None in its place where a plan has no such stage, or that stage left the output out.
    """
    return field(metadata={"link": Link(output, "needs", optional=optional)})


def after(output: str) -> Any:
    """A gate's report, as ``"stage.output"``: the gate must have passed, but its words make nothing stale."""
    return field(metadata={"link": Link(output, "after")})


def reads(path: str, *, optional: bool = False) -> Any:
    """An input that the planner writes, relative to the run directory.

    Args:
        path: the file.
        optional: there is none where the spec says so (`StageSpec.absent_inputs`), as in runs of releases that did not
            know it.
    """
    return field(metadata={"link": Link(path, "reads", optional=optional)})


def records(path: str) -> Any:
    """A record of the run, relative to its directory, that the stage tells of: what it says makes nothing stale."""
    return field(metadata={"link": Link(path, "records")})


def gives(path: str, *, optional: bool = False, carry: bool = False, keep_previous: bool = False) -> Any:
    """An output, relative to the run directory.

    Args:
        path: file or directory (a directory counts with all its files).
        optional: the stage may leave it out.
        carry: a published one is handed back to the stage through `StageContext.published` (resuming a finished run).
        keep_previous: what it replaces stays beside it (``best.pt`` -> ``best.prev.pt``).
    """
    link = Link(path, "gives", optional=optional, carry=carry, keep_previous=keep_previous)
    return field(metadata={"link": link})


def gives_at(key: str) -> Any:
    """An output at the path, relative to the run directory, that a key of the spec (``"section.key"``) holds.

    Where the key is null, or names a path that another stage gives anyway, there is no such output, and the stage
    finds None in its place. A stage without any output under a contract is no part of that contract's plan.
    """
    return field(metadata={"link": Link(key, "gives_at")})


def links(declaration: type) -> dict[str, Link]:
    """Field name -> link of an inputs or outputs declaration."""
    return {entry.name: entry.metadata["link"] for entry in fields(declaration)}


@dataclass(frozen=True)
class FinishedShard:
    """A part of a stage's work that a process of its own has done.

    Attributes:
        predictions: what it gave.
        numbers: what it says of itself.
    """

    predictions: Path
    numbers: dict[str, Any]


@dataclass(frozen=True)
class StageContext:
    """What launchers may vary and results may not depend on.

    Attributes:
        scratch: this stage's own directory; kept for the next try when a resumable stage is stopped or killed.
        evidence: directory of the run where a stage that fails may leave files that explain why, each written whole or
            not at all; they belong to no receipt, and no stage reads or deletes them.
        operations: workers, log and save cadence.
        provenance: ``contract_digest``, ``dataset_digest``, ``argv`` and ``cwd``, for the record.
        state_digest: of spec, version and inputs; what a resumable state carries that is saved here.
        earlier_digests: what one may carry that was saved earlier, for a spec from which this one goes on.
        progress: where progress is shown.
        stopping: asked between safe points; a stage that sees True saves and raises `Interrupted`.
        saved: told by a resumable stage whenever it has saved its state: steps done, and in all.
        aside: where a resumable stage may move an earlier state that it found to be of no use; there is nothing yet.
        moved: where the data set lies, if not where it was when the run first read it.
        published: outputs declared with ``carry`` of an earlier, finished result that this one extends, by field name;
            empty when there is nothing to extend.
        insist_on_resume: fail rather than start afresh.
        one_of_several: whether this process is one of several that run the stage together, as torchrun's variables in
            the environment say; only the first of them writes anything, and its numbers are the receipt's.
        shards: parts of the work that are done and wait to be put together, in order; empty where it is done in one go.
    """

    scratch: Path
    evidence: Path
    operations: OperationsSection
    provenance: dict[str, Any]
    state_digest: str
    progress: Progress
    stopping: Stopper
    earlier_digests: tuple[str, ...] = ()
    saved: Callable[[int, int], None] = lambda done, total: None  # noqa: ARG005 - nobody listens
    aside: Path | None = None
    moved: Moved | None = None
    published: dict[str, Path] = field(default_factory=dict)
    insist_on_resume: bool = False
    one_of_several: bool = False
    shards: tuple[FinishedShard, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A node of the graph, before it knows its run.

    ``run(spec, inputs, outputs, context)`` reads only ``inputs``, writes only ``outputs`` and ``context.scratch`` (and
    ``context.evidence`` when it fails), and returns a few numbers for the receipt. ``version`` is raised when the code
    gives other results than before. One that ``logs`` tells its numbers to the contract's `loggers`. What one that
    ``names_places`` writes says where files lie: of use where it was made alone.
    """

    name: str
    version: int
    spec: type[StageSpec]
    inputs: type
    outputs: type
    run: Callable[..., dict[str, Any]]
    resumable: bool = False
    title: str = ""
    logs: bool = False
    names_places: bool = False
