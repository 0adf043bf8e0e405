"""What made a file: what it says itself, what receipts prove by its digest, and the way back to data and weights."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.app.trace.belonging import belonging, mentions
from yolozu.app.trace.contract_of_stages import recorded_origins, set_keys
from yolozu.app.trace.known_receipts import Output, known_receipts, run_around
from yolozu.app.trace.lineage import Lineage
from yolozu.app.trace.traced import Named, TracedArtifact, Traces
from yolozu.app.trace.training_record import training_record
from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.statement import NOTHING, read_statement
from yolozu.engine.run_names import RESOLVED
from yolozu.engine.run_overrides import RunOverrides
from yolozu.errors import Finding, InputError, UsageError, YolozuError
from yolozu.paths import RUNS_DIR, RunLayout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.app.trace.known_receipts import KnownReceipt, KnownReceipts
    from yolozu.app.trace.lineage import Parent, TracedStage
    from yolozu.app.trace.traced import Verdict


AGAIN = "take an unedited copy, or build it again; yolozu verify reads all files of a run again"


def trace(paths: Sequence[Path], *, runs_dir: Path | None = None, store_dirs: Sequence[Path] = ()) -> Traces:
    """What made each of ``paths``.

    Args:
        paths: files, or directories that a stage gives as a whole.
        runs_dir: where runs lie, whose receipts are looked through; None means ``runs``, which need not be there. A
            file's own run counts, wherever it is.
        store_dirs: stores besides the one in ``runs_dir``.

    Raises:
        UsageError: YZ774, a directory that was named is none.
    """
    _require_directories(runs_dir, store_dirs)
    runs_dir = RUNS_DIR if runs_dir is None else runs_dir
    around = [run for run in map(run_around, paths) if run is not None]
    receipts = known_receipts(runs_dir, list(dict.fromkeys(around)), store_dirs)
    found: list[TracedArtifact] = []
    unreadable: list[Finding] = []
    for path in paths:
        try:
            found.append(_Tracer(receipts, path, runs_dir).traced())
        except YolozuError as error:
            unreadable += error.findings
    return Traces(tuple(found), tuple(unreadable), tuple(receipts.findings))


class _Tracer:
    """Traces one file."""

    def __init__(self, receipts: KnownReceipts, path: Path, runs_dir: Path) -> None:
        self.receipts, self.path, self.runs_dir = receipts, path, runs_dir
        self.sha256, self.size = _content(path)
        self.run = run_around(path)
        self.lineage = Lineage(receipts)
        self.statement = NOTHING if path.is_dir() else read_statement(path)

    def traced(self) -> TracedArtifact:
        """The file and what is known of it."""
        outputs = self.receipts.outputs(self.sha256, near=self.run)
        place = self._place()
        if outputs:
            return self._made(outputs, place)
        if place is not None:
            return self._changed([place])
        readers = [*self.receipts.readers(self.sha256), *mentions(self.receipts, self.sha256)]
        return self._read(readers) if readers else self._named_by_none()

    def _named_by_none(self) -> TracedArtifact:
        if self._is_of_the_planner:
            return self._finished("claimed", findings=(self._of_the_run("a file of the planner"),))
        receipt = self._own_receipt()
        if receipt is not None:
            finding = self._of_the_run("a receipt")
            return self._finished("claimed", roots=[self.lineage.add(receipt)], findings=(finding,))
        stated = tuple(self.lineage.named(role, sha) for role, sha in self.statement.made_of.items())
        nearest = list(belonging(self.receipts, self.statement, stated, self.path))
        if self.statement.damage is not None:
            return self._changed(nearest, stated)
        if self.statement.kind is not None or stated:
            return self._finished("claimed", nearest=nearest, stated=stated, findings=(self._claim(nearest),))
        return self._finished("unknown", findings=(self._nobody(),))

    def _made(self, outputs: list[Output], place: Output | None) -> TracedArtifact:
        findings: tuple[Finding, ...] = ()
        if place is not None and place.sha256 != self.sha256:
            problem = (
                f"lies where {place.of.stage} of {place.of.run} made another file: by its receipt {place.path} has "
                f"SHA-256 {place.sha256}, this file has {self.sha256}"
            )
            findings = (Finding("YZ772", str(self.path), problem, AGAIN),)
        return self._finished("made", proof=outputs, roots=[self.lineage.add(outputs[0].of)], findings=findings)

    def _read(self, readers: list[tuple[KnownReceipt, str]]) -> TracedArtifact:
        first = readers[0][0]
        problem = f"{first.stage} of {first.run} has read these bytes; no receipt here says who made them"
        warned = (
            () if self._is_of_the_planner else (Finding("YZ773", str(self.path), problem, self._elsewhere, "warning"),)
        )
        named = [Named(known.made_by, known.stage, name, self.sha256, known.path.as_posix()) for known, name in readers]
        return self._finished("read", readers=named, findings=warned)

    def _changed(self, nearest: list[Output], stated: tuple[Parent, ...] = ()) -> TracedArtifact:
        damage = self.statement.damage
        inside = "" if damage is None else f"; {damage}"
        if nearest:
            known = nearest[0]
            problem = (
                f"is not what {known.of.stage} of {known.of.run} made: by its receipt {known.path} has SHA-256 "
                f"{known.sha256}, this file has {self.sha256}{inside}"
            )
        else:
            problem = f"is not what was made{inside}; no receipt here says what that was"
        finding = Finding("YZ772", str(self.path), problem, AGAIN)
        return self._finished("changed", nearest=nearest, stated=stated, findings=(finding,))

    def _finished(
        self,
        verdict: Verdict,
        *,
        proof: Sequence[Output] = (),
        readers: Sequence[Named] = (),
        nearest: Sequence[Output] = (),
        stated: tuple[Parent, ...] = (),
        roots: Sequence[str] = (),
        findings: tuple[Finding, ...] = (),
    ) -> TracedArtifact:
        by_itself = [parent.made_by for parent in stated if parent.made_by is not None]
        keys = list(roots) or [self.lineage.add(output.of) for output in nearest[:1]] or by_itself
        stages = self.lineage.upstream(keys)
        training = next((stage.known for stage in stages if stage.known.stage == "train"), None)
        record = None if training is None else training_record(self.receipts, training)
        return TracedArtifact(
            self.path,
            self.sha256,
            self.size,
            self.statement,
            verdict,
            proof=tuple(map(_named, proof)),
            readers=tuple(readers),
            nearest=tuple(map(_named, nearest)),
            stated=stated,
            training=record,
            contracts=tuple(_contracts(stages, record)),
            stages=tuple(stages),
            findings=findings,
        )

    @property
    def _is_of_the_planner(self) -> bool:
        return self.run is not None and (self._within.startswith("plan/") or self._within == RESOLVED)

    @property
    def _within(self) -> str:
        """The path relative to the run that the file lies in."""
        assert self.run is not None
        return Path(os.path.abspath(self.path)).relative_to(self.run).as_posix()  # noqa: PTH100 - links stay

    def _place(self) -> Output | None:
        """The output that is to lie where the file lies, by a receipt of its run."""
        if self.run is None:
            return None
        for known in self.receipts.of_run(self.run).values():
            digest = known.receipt.outputs.get(self._within)
            if digest is not None:
                return Output(known, self._within, digest)
        return None

    def _own_receipt(self) -> KnownReceipt | None:
        own = (known for known in self.receipts.receipts if known.path.name == self.path.name)
        return next((known for known in own if known.path.samefile(self.path)), None)

    def _claim(self, nearest: Sequence[Output]) -> Finding:
        if nearest:
            known = nearest[0]
            problem = (
                f"no receipt here names its SHA-256 {self.sha256}; by what it says of itself it belongs to "
                f"{known.of.stage} of {known.of.run}, whose {known.path} has {known.sha256}: another command made it, "
                "or it was changed"
            )
        else:
            problem = "no receipt here names these bytes; what it says of itself is all there is"
        return Finding("YZ773", str(self.path), problem, self._elsewhere, "warning")

    def _of_the_run(self, what: str) -> Finding:
        assert self.run is not None
        problem = f"is {what} of the run {self.run.name}, which no receipt names"
        fix = "trace what a stage has given; yolozu verify reads all of that again"
        return Finding("YZ773", str(self.path), problem, fix, "warning")

    def _nobody(self) -> Finding:
        where = "" if self.run is None else f"lies in the run {self.run.name}, but "
        problem = f"{where}nobody is known to have made it: it says nothing, and no receipt names its SHA-256"
        return Finding("YZ771", str(self.path), f"{problem} {self.sha256}", self._elsewhere)

    @property
    def _elsewhere(self) -> str:
        if self.receipts.receipts:
            return "name the directory of the runs that may have made it: --runs DIR"
        return f"there is no receipt in {self.runs_dir}: name the directory of the runs with --runs DIR"


def _named(output: Output) -> Named:
    known = output.of
    path = (known.root / output.path).as_posix()
    return Named(known.made_by, known.stage, path, output.sha256, known.path.as_posix())


def _contracts(stages: list[TracedStage], record: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """What is known of the contracts of the runs that stages are of, that of the first stage first.

    Args:
        stages: nearest first.
        record: of the nearest training among them.
    """
    trained = next((_run_of(stage.known) for stage in stages if stage.known.stage == "train"), None)
    for run in dict.fromkeys(_run_of(stage.known) for stage in stages):
        own = [stage.known for stage in stages if _run_of(stage.known) == run]
        root = None if own[0].in_store else own[0].root
        origins = {} if root is None else recorded_origins(root)
        yield {
            "run": own[0].run,
            "file": None if root is None else _contract_file(root),
            "digest": record.get("contract_digest") if record is not None and run == trained else None,
            "keys": [asdict(key) for key in set_keys((known.receipt for known in own), origins)],
        }


def _run_of(known: KnownReceipt) -> tuple[bool, str]:
    """What the receipts of one run share; those in a store know its name alone."""
    return known.in_store, known.run if known.in_store else str(known.root)


def _contract_file(run: Path) -> str | None:
    """The contract's file, as the run remembers it."""
    try:
        return RunOverrides.read(RunLayout(run)).config
    except YolozuError:
        return None


def _content(path: Path) -> tuple[str, int | None]:
    """Digest and size.

    Raises:
        InputError: YZ770, it is not there, cannot be read, or is a whole run.
    """
    if path.is_dir() and RunLayout(path).receipts_dir.is_dir():
        fix = f"name one of its files; yolozu verify run_dir={path} reads all of them again"
        raise InputError.one("YZ770", where=str(path), problem="is a run, not a file", fix=fix)
    try:
        with DigestCache(None) as cache:
            return cache.path(path), None if path.is_dir() else path.stat().st_size
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise InputError.one("YZ770", where=str(path), problem=problem, fix="name a file that is there") from error


def _require_directories(runs_dir: Path | None, store_dirs: Sequence[Path]) -> None:
    named = [*([] if runs_dir is None else [("--runs", runs_dir)]), *(("--store", place) for place in store_dirs)]
    wrong = [(option, place) for option, place in named if not place.is_dir()]
    if wrong:
        fix = "name the directory that holds them"
        raise UsageError(Finding("YZ774", f"{option} {place}", "is no directory", fix) for option, place in wrong)
