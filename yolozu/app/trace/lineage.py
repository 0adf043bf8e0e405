"""From a finished stage back to what there was before any: data, first weights, files that a contract names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.trace.planned_files import Ground, grounds_of, planned_file
from yolozu.stages.base import links
from yolozu.stages.registry import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.app.trace.known_receipts import KnownReceipt, KnownReceipts
    from yolozu.stages.base import Link

FROM_SEED = "from the seed"


@dataclass(frozen=True)
class Parent:
    """Something that a stage has read, or that a file says it was made of.

    Attributes:
        name: of the input, or what the file calls it.
        sha256: its digest; None where nothing is known by one.
        path: of the output that has this digest, relative to its run; None where no receipt names it.
        made_by: the stage that gave it, as a key of `Lineage.stages`; None where no receipt says so.
        ground: what it is, where it comes from outside of any run.
        note: why it leads no further.
    """

    name: str
    sha256: str | None = None
    path: str | None = None
    made_by: str | None = None
    ground: Ground | None = None
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Without what there is not."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class TracedStage:
    """A finished stage, by its receipt.

    Attributes:
        known: the receipt.
        parents: what it read, as its receipt proves.
    """

    known: KnownReceipt
    parents: tuple[Parent, ...]

    def to_json(self) -> dict[str, Any]:
        """As the report has it."""
        known, receipt = self.known, self.known.receipt
        return {
            "run": known.run,
            "stage": receipt.stage,
            "receipt": known.path.as_posix(),
            "in_store": known.in_store,
            "made_by_run": known.made_by,
            "stage_version": receipt.version,
            "started_at": receipt.started_at,
            "seconds": receipt.seconds,
            "software": receipt.software,
            "ran_on": receipt.ran_on,
            "numbers": receipt.numbers,
            "parents": [parent.to_json() for parent in self.parents],
        }


class Lineage:
    """Stages that files come from, each once.

    Attributes:
        stages: path of a receipt -> the stage; whatever it reads stands before it.
    """

    def __init__(self, receipts: KnownReceipts) -> None:
        self.stages: dict[str, TracedStage] = {}
        self._receipts = receipts
        self._begun: set[str] = set()

    def add(self, known: KnownReceipt) -> str:
        """The key of a stage, which is traced as far back as receipts lead."""
        key = known.path.as_posix()
        if key not in self.stages:
            self._begun.add(key)
            order = list(links(STAGES.load(known.stage).inputs)) if known.stage in STAGES else []
            names = sorted(known.receipt.inputs, key=lambda name: order.index(name) if name in order else len(order))
            read = (self._read(known, name, known.receipt.inputs[name]) for name in names)
            parents = tuple(parent for found in read for parent in found)
            self.stages[key] = TracedStage(known, parents)
        return key

    def named(self, name: str, sha256: str, near: Path | None = None, declared: str | None = None) -> Parent:
        """A file by its digest; a stage that gave the bytes that it had read itself is not where they come from.

        Args:
            name: what it is called where it is read.
            sha256: its digest.
            near: directory of the run that likely made it.
            declared: path that it likely has there, of several with the same bytes.
        """
        unfinished = self._begun - self.stages.keys()
        known = (one for one in self._receipts.outputs(sha256, near) if one.of.path.as_posix() not in unfinished)
        found = sorted(known, key=lambda output: output.path != declared)
        if not found:
            return Parent(name, sha256, note="no receipt here names it")
        first = next((output for output in found if near is not None and output.of.root == near), found[0])
        return Parent(name, sha256, first.path, self.add(first.of))

    def upstream(self, keys: list[str]) -> list[TracedStage]:
        """The stages ``keys`` and all that they come from, nearest first."""
        seen: dict[str, None] = {}
        pending = list(keys)
        while pending:
            key = pending.pop(0)
            if key not in seen:
                seen[key] = None
                pending += [parent.made_by for parent in self.stages[key].parents if parent.made_by is not None]
        return [self.stages[key] for key in seen]

    def _read(self, known: KnownReceipt, name: str, digest: str) -> Iterator[Parent]:
        link = _link(known, name)
        if link is not None and link.kind == "reads":
            yield from self._planned(known, name, link.target, digest)
            return
        producer, declared = ("", None) if link is None else _declared(link)
        found = self.named(name, digest, near=known.root, declared=declared)
        if found.made_by is not None or link is None:
            yield found
        else:
            yield Parent(name, digest, note=self._since(known, producer, declared))

    def _since(self, known: KnownReceipt, producer: str, declared: str | None) -> str:
        """What became of an output that no receipt has any more."""
        now = self._receipts.of_run(known.root).get(producer)
        since = None if now is None or declared is None else now.receipt.outputs.get(declared)
        then = "" if since is None else f", whose {declared} is {since[:12]} by now"
        return f"no receipt here names it; it came from stage {producer}{then}"

    def _planned(self, known: KnownReceipt, name: str, path: str, digest: str) -> Iterator[Parent]:
        """What the planner knew of files outside, from its note of then."""
        value = planned_file(path, digest, [known.root, *self._receipts.run_dirs])
        if value is None:
            note = f"{path} says something else by now, or is gone: what it said then is not known here"
            yield Parent(name, digest, note=note)
            return
        for ground in grounds_of(path, value, known.receipt.spec):
            traced = None if ground.sha256 is None else self.named(ground.name, ground.sha256)
            if traced is not None and traced.made_by is not None:
                yield traced
            else:
                yield Parent(ground.name, ground.sha256, ground=ground)


def _link(known: KnownReceipt, name: str) -> Link | None:
    """How the stage declares an input; None where it is not known here, or has no such input any more."""
    return links(STAGES.load(known.stage).inputs).get(name) if known.stage in STAGES else None


def _declared(link: Link) -> tuple[str, str | None]:
    """The stage that gives an input, and the path at which it does; None where the contract says that."""
    producer, _, output = link.target.partition(".")
    given = links(STAGES.load(producer).outputs).get(output) if producer in STAGES else None
    return producer, None if given is None or given.kind != "gives" else given.target
