"""What is known of files, as `yolozu trace` reports it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from yolozu.app.trace.lineage import Parent, TracedStage
    from yolozu.artifacts.statement import Statement
    from yolozu.errors import Finding

SCHEMA_VERSION = 1

Verdict = Literal["made", "read", "changed", "claimed", "unknown"]
"""Made: a receipt names these bytes as what a stage gave. Read: as what a stage read. Changed: they are not what was
made. Claimed: the file alone says where it comes from. Unknown: nothing does."""


@dataclass(frozen=True)
class Named:
    """A file that a receipt names.

    Attributes:
        run: whose worker made or read it.
        stage: that gave or read it.
        path: of an output, as it can be found from here; of an input, its name.
        sha256: its digest by the receipt.
        receipt: path of the receipt.
    """

    run: str
    stage: str
    path: str
    sha256: str
    receipt: str


@dataclass(frozen=True)
class TracedArtifact:
    """A file and what is known of it.

    Attributes:
        path: as it was named.
        sha256: of its content; of a directory, over its tree.
        size: in bytes; None for a directory.
        statement: what it says of itself.
        verdict: how its origin is known.
        proof: outputs with these bytes, the likeliest first.
        readers: stages that have read these bytes.
        nearest: outputs that it was before it was changed, or that it says it belongs to, the likeliest first.
        stated: files that it says it was made of, where no receipt names it.
        training: what the training behind it has recorded, by the digest of the record; None where that is nowhere.
        contracts: of the runs behind it, its own first: file, digest where it is known, and keys that are not default.
        stages: all stages that it comes from, nearest first; those of the nearest output where no receipt names it.
        findings: what else is to be said.
    """

    path: Path
    sha256: str
    size: int | None
    statement: Statement
    verdict: Verdict
    proof: tuple[Named, ...] = ()
    readers: tuple[Named, ...] = ()
    nearest: tuple[Named, ...] = ()
    stated: tuple[Parent, ...] = ()
    training: dict[str, Any] | None = None
    contracts: tuple[dict[str, Any], ...] = ()
    stages: tuple[TracedStage, ...] = ()
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As the report has it."""
        return {
            "path": str(self.path),
            "sha256": self.sha256,
            "bytes": self.size,
            "verdict": self.verdict,
            "says_of_itself": asdict(self.statement),
            "proof": [asdict(named) for named in self.proof],
            "readers": [asdict(named) for named in self.readers],
            "nearest": [asdict(named) for named in self.nearest],
            "stated": [parent.to_json() for parent in self.stated],
            "training": self.training,
            "contracts": list(self.contracts),
            "stages": [stage.to_json() for stage in self.stages],
            "findings": [asdict(finding) for finding in self.findings],
        }


@dataclass(frozen=True)
class Traces:
    """All files that were asked for.

    Attributes:
        artifacts: those that could be read, in the order asked.
        unreadable: why the others could not be, as errors.
        warnings: receipts that were passed over.
    """

    artifacts: tuple[TracedArtifact, ...]
    unreadable: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def all_proved(self) -> bool:
        """Whether a receipt names each of the files as what a stage gave."""
        return not self.unreadable and all(one.verdict == "made" for one in self.artifacts)

    @property
    def refused(self) -> bool:
        """Whether one of the files is not what was made, lies where another was made, or nobody made it."""
        return any(finding.severity == "error" for one in self.artifacts for finding in one.findings)

    def to_json(self) -> dict[str, Any]:
        """The report."""
        return {
            "schema_version": SCHEMA_VERSION,
            "artifacts": [one.to_json() for one in self.artifacts],
            "findings": [asdict(finding) for finding in (*self.warnings, *self.unreadable)],
        }
