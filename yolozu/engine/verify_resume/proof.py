"""Proof that a contract's training resumes exactly: trained once undisturbed and once killed again and again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.difference import ABSENT, FileDifference, first_in_checkpoints, first_in_rows
from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.earlier_runs import STATES
from yolozu.artifacts.jsonio import canonical, write_text
from yolozu.contract.sections.files import FilesSection
from yolozu.contract.show import to_yaml
from yolozu.engine.lock import holder_path
from yolozu.engine.scratch import Scratch
from yolozu.engine.verify_resume.kills import choose_moments, kill_at, last_step_row, step_durations
from yolozu.engine.verify_resume.short_contract import Changed, ShortContract, shorten
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED, InputError
from yolozu.paths import TRAIN_METRICS, RunLayout, proofs_dir
from yolozu.planning.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yolozu.contract.loader import LoadedContract

COMPARED_ROWS = (TRAIN_METRICS, "reports/val_metrics.jsonl")
COMPARED_CHECKPOINTS = ("checkpoints/best.pt", "checkpoints/last.pt")
PATIENCE_S = 20.0
"""How long a build that was asked to stop may take before it is killed."""


class BuildFailedError(Exception):
    """A build of the proof ended otherwise than it should; nothing can be said about exactness.

    Attributes:
        exit_code: how it ended.
        said: what it said at the end.
    """

    def __init__(self, exit_code: int, said: str) -> None:
        super().__init__(exit_code, said)
        self.exit_code, self.said = exit_code, said


@dataclass(frozen=True)
class Kill:
    """A kill that took place.

    Attributes:
        step: optimizer steps whose row was written by then.
        saved: steps of them that the last periodic save held, at most.
        epoch: number of the epoch it fell into, from 1.
        inside_epoch: whether that epoch had been begun.
    """

    step: int
    saved: int
    epoch: int
    inside_epoch: bool


@dataclass(frozen=True)
class Proof:
    """What came out.

    Attributes:
        steps: optimizer steps of either training.
        changed: how the trainings' contract differs from the given one.
        kills: that took place, in order.
        file: the first file that differs, relative to the run directory; None where all are equal.
        difference: the first difference in it.
        others: further files that differ.
        undisturbed_s: seconds of the undisturbed training.
        killed_s: seconds of the killed one, with all restarts.
        directory: where both trainings are kept; None where they are deleted.
    """

    steps: int
    changed: tuple[Changed, ...]
    kills: tuple[Kill, ...]
    file: str | None
    difference: FileDifference | None
    others: tuple[str, ...]
    undisturbed_s: float
    killed_s: float
    directory: Path | None = None

    @property
    def equal(self) -> bool:
        """Whether everything was equal, bit for bit."""
        return self.file is None


@dataclass(frozen=True)
class Wish:
    """What to prove.

    Attributes:
        loaded: the contract.
        kills: how often to kill.
        steps: most optimizer steps to train.
        kill_seed: seed of the moments.
        keep: keep both trainings whatever comes out.
    """

    loaded: LoadedContract
    kills: int
    steps: int
    kill_seed: int = 0
    keep: bool = False


def verify_resume(wish: Wish, say: Callable[[str], None]) -> Proof:
    """Train twice in a directory of the proof's own, once with kills, and compare everything but the clock.

    Raises:
        InputError: YZ322 or YZ323, the training is too short to be killed (so often).
        BuildFailedError: the contract could not be trained.
        KeyboardInterrupt: on Ctrl-C; nothing is left behind unless it is to be kept.
    """
    parent = proofs_dir()
    parent.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="proof-", dir=parent))
    kept = wish.keep
    try:
        proof = _Trial(wish, directory, say).prove()
        kept = wish.keep or not proof.equal
        return replace(proof, directory=directory if kept else None)
    finally:
        if not kept:
            shutil.rmtree(directory)
            with suppress(OSError):  # others prove something at the same time
                parent.rmdir()


@dataclass
class _Trial:
    wish: Wish
    directory: Path
    say: Callable[[str], None]
    undisturbed: RunLayout = field(init=False)
    killed: RunLayout = field(init=False)

    def __post_init__(self) -> None:
        self.undisturbed = RunLayout.at(str(self.directory / "undisturbed"))
        self.killed = RunLayout.at(str(self.directory / "killed"))

    def prove(self) -> Proof:
        """Prepare the data once, train both, compare."""
        self._write_contract(self.wish.loaded.contract)
        self._build(self.undisturbed, "prepare_data")
        short = shorten(self.wish.loaded.contract, steps=self.wish.steps, images=self._numbers("prepare_data"))
        self._announce(short)
        self._check_count(short.steps)
        self._write_contract(short.contract)
        shutil.copytree(self.undisturbed.root, self.killed.root)
        clock = time.monotonic()
        self._build(self.undisturbed, "train")
        undisturbed_s = time.monotonic() - clock
        steps = self._numbers("train")
        self.say(f"undisturbed: {steps} optimizer steps in {undisturbed_s:.0f} s")
        self._check_count(steps)
        kills, failure = self._train_killed(short, steps)
        killed_s = time.monotonic() - clock - undisturbed_s
        differences = {"training": failure} if failure is not None else self._differences()
        file, difference = next(iter(differences.items()), (None, None))
        return Proof(
            steps, short.changed, tuple(kills), file, difference, tuple(differences)[1:], undisturbed_s, killed_s
        )

    def _train_killed(self, short: ShortContract, steps: int) -> tuple[list[Kill], FileDifference | None]:
        durations = step_durations(self.undisturbed.root / TRAIN_METRICS, steps)
        save_every = short.contract.operations.save_last_every
        moments = choose_moments(
            self.wish.kills,
            durations,
            Random(self.wish.kill_seed),
            save_every=save_every,
            steps_per_epoch=short.timetable.steps_per_epoch,
        )
        scratch = Scratch.of(self.killed, "train")
        metrics = scratch.out_dir / TRAIN_METRICS
        kills: list[Kill] = []
        for moment in moments:
            holder_path(scratch.lock_path).unlink(missing_ok=True)
            with self._building(self.killed, "train") as building:
                struck = kill_at(moment, building, scratch.lock_path, metrics)
                code = building.wait()
            if not struck or code == EXIT_DONE:
                return kills, self._ended_early(code, moment.step, kills)
            row = last_step_row(metrics)
            assert row is not None, "the row that called for the kill is on disk"
            step, table = int(row["meta"]["optim_step"]), short.timetable
            kills.append(Kill(step, step // save_every * save_every, table.epoch_of(step), not table.ends_epoch(step)))
            self.say(f"killed after step {step} of {steps} ({len(kills)} of {self.wish.kills})")
        with self._building(self.killed, "train") as building:
            code = building.wait()
        return kills, None if code == EXIT_DONE else self._ended_early(code, steps, kills)

    def _ended_early(self, code: int, step: int, kills: list[Kill]) -> FileDifference | None:
        """What a build means that ended by itself: the end of training, or a failure to resume."""
        if code == EXIT_DONE:
            self.say(f"training ended before it could be killed at step {step}")
            return None
        said = self._said(self.killed)
        if code == EXIT_INTERRUPTED or not kills:
            raise BuildFailedError(code, said)
        return FileDifference(f"after the kill at step {kills[-1].step}", "trained on", f"exit code {code}", said)

    def _differences(self) -> dict[str, FileDifference]:
        found: dict[str, FileDifference] = {}
        for path in COMPARED_ROWS:
            difference = first_in_rows(*(_rows(layout.root / path) for layout in (self.undisturbed, self.killed)))
            found |= {} if difference is None else {path: difference}
        for path in COMPARED_CHECKPOINTS:
            try:
                difference = first_in_checkpoints(*(layout.root / path for layout in (self.undisturbed, self.killed)))
            except InputError as error:
                difference = FileDifference("the whole file", "a checkpoint", "cannot be read", str(error))
            found |= {} if difference is None else {path: difference}
        for path in STATES.values():
            digests = [_digest(layout.root / path) for layout in (self.undisturbed, self.killed)]
            if digests[0] != digests[1]:
                found[path] = FileDifference("the whole file", *digests)
        return found

    def _announce(self, short: ShortContract) -> None:
        if short.changed:
            self.say("for this proof:")
        for entry in short.changed:
            self.say(f"  {entry.key}: {canonical(entry.old)} → {canonical(entry.new)}")

    def _check_count(self, steps: int) -> None:
        if self.wish.kills >= steps:
            raise InputError.one(
                "YZ323",
                where=f"--kills {self.wish.kills}",
                problem=f"the training has {steps} optimizer steps, so at most {steps - 1} kills fall inside it",
                fix="lower --kills or raise --steps",
            )

    def _numbers(self, stage: str) -> int:
        receipt = Receipt.read(self.undisturbed.receipt_path(stage))
        assert receipt is not None, f"{stage} was built"
        return int(receipt.numbers["train_images" if stage == "prepare_data" else "steps"])

    def _write_contract(self, contract: Any) -> None:
        run = contract.run.model_copy(update={"run_id": None})
        operations = contract.operations.model_copy(update={"store": False})  # what is taken from there proves nothing
        alone = contract.model_copy(update={"run": run, "files": FilesSection(), "operations": operations})
        write_text(self.directory / "contract.yaml", to_yaml(replace(self.wish.loaded, contract=alone)))

    def _build(self, layout: RunLayout, stage: str) -> None:
        with self._building(layout, stage) as building:
            code = building.wait()
        if code != EXIT_DONE:
            raise BuildFailedError(code, self._said(layout))

    @contextmanager
    def _building(self, layout: RunLayout, stage: str) -> Iterator[subprocess.Popen[bytes]]:
        """The command that builds a stage, as a user would give it; it does not outlive the block."""
        words = [str(self.directory / "contract.yaml"), stage, layout.word]
        with self._log_path(layout).open("ab") as log:
            building = subprocess.Popen(
                [sys.executable, "-m", "yolozu", "run", *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
            try:
                yield building
            finally:
                _stop(building)

    def _log_path(self, layout: RunLayout) -> Path:
        return self.directory / f"{layout.run_id}.log"

    def _said(self, layout: RunLayout) -> str:
        """The last lines of what builds of a run have said."""
        lines = self._log_path(layout).read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-12:])


def _stop(building: subprocess.Popen[bytes]) -> None:
    if building.poll() is None:
        building.terminate()
        try:
            building.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            building.kill()
            building.wait()


def _digest(path: Path) -> str:
    return f"SHA-256 {digest_file(path)}" if path.is_file() else ABSENT


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    from yolozu.training.metrics_log import comparable

    with path.open(encoding="utf-8") as file:
        for line in file:
            yield comparable(json.loads(line))
