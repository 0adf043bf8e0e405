"""What a finished build says at its end: how good the model is, where everything lies, and what to do with it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.metrics_table import read_rows
from yolozu.engine.run_names import runs_in
from yolozu.engine.view.view import duration
from yolozu.paths import BEST_CHECKPOINT, RUNS_DIR, RunLayout
from yolozu.planning.receipt import Receipt
from yolozu.training.diagnosis import Cause, Ended, diagnose, ends_near_nothing
from yolozu.training.lengthening import lengthened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yolozu.engine.session import Session

KINDS = {".pt": "model", ".onnx": "ONNX", ".html": "report", ".jpg": "pictures", ".png": "pictures"}
"""Suffix of what people look at or use elsewhere -> what it is, in the order of the lines; the rest is for programs."""

SCORES = {
    "boxes": {"mAP50-95": ("map50_95", "{:.3f}"), "mAP50": ("map50", "{:.3f}")},
    "poses": {
        "ADD(-S)": ("add_s_01d", "{:.3f}"),
        "rotation": ("rot_deg_median", "{:.1f}°"),
        "translation": ("t_mm_median", "{:.1f} mm"),
    },
}
"""What is measured -> title -> metric and how it is shown."""

TITLE_WIDTH, WIDTH = 9, 80
MOST_COMMANDS = 3


@dataclass(frozen=True)
class RunSummary:
    """The end of a build.

    Attributes:
        headline: the run and how long its build took, or that there was nothing to do.
        scores: of boxes, and of poses where there are any, a line each.
        files: what is for people -> where it is.
        causes: why the model finds nearly nothing, where it does.
        commands: that suit the run as it is, to be pasted; none where nothing was built, unless there are causes.
    """

    headline: str
    scores: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    causes: tuple[Cause, ...]
    commands: tuple[str, ...]

    def lines(self) -> list[str]:
        """All of it in plain lines."""
        named = [f"  {title:<{TITLE_WIDTH}} {path}" for title, path in self.files]
        return [
            self.headline,
            *(f"  {line}" for line in self.scores),
            *named,
            *(line for cause in self.causes for line in _told(cause)),
            *(["next:"] if self.commands else []),
            *(f"  {command}" for command in self.commands),
        ]


def summary_of(session: Session, asked: Sequence[str], ran: Sequence[str], seconds: float) -> RunSummary:
    """The summary of a build that has succeeded.

    Args:
        session: the run.
        asked: its stages that were to be built; what they need belongs to it.
        ran: stages that ran.
        seconds: the build took.
    """
    nodes = session.plan.needed_for(list(asked))
    receipts = {node.name: Receipt.readable(session.layout.receipt_path(node.name)) for node in nodes}
    finished = {name: receipt for name, receipt in receipts.items() if receipt is not None}
    files = tuple(_files(session, finished))
    metrics, where = _measured(session, finished)
    causes = tuple(_causes(session, finished, metrics))
    run_id = session.layout.run_id
    return RunSummary(
        headline=f"{run_id}: built in {duration(seconds)}" if ran else f"{run_id}: everything is up to date",
        scores=tuple(_scores(metrics, where)),
        files=files if ran else tuple(entry for entry in files if entry[0] == "model"),
        causes=causes,
        commands=tuple(_repairs(session, causes) if causes else _commands(session, finished) if ran else ()),
    )


def _measured(session: Session, finished: Mapping[str, Receipt]) -> tuple[Mapping[str, Any], str]:
    """Metrics of the model, and on what; before evaluation those of the validation that chose it."""
    if "evaluate" in finished:
        images = finished["prepare_data"].numbers.get("predict_images")
        return finished["evaluate"].numbers, "" if images is None else f"  ({images} images)"
    if "train" in finished:
        step = finished["train"].numbers.get("best_step")
        return validation_at(session, step), f"  (validation at step {step})"
    return {}, ""


def _scores(metrics: Mapping[str, Any], where: str) -> Iterator[str]:
    for title, entries in SCORES.items():
        shown = [f"{name} {form.format(metrics[key])}" for name, (key, form) in entries.items() if _known(metrics, key)]
        if shown:
            yield f"{title:<{TITLE_WIDTH}} {'  '.join(shown)}{where}"


def _known(metrics: Mapping[str, Any], key: str) -> bool:
    return metrics.get(key) is not None


def validation_at(session: Session, step: int | None) -> dict[str, Any]:
    """Metrics of the validation after ``step`` optimizer steps; empty where the file does not have it."""
    for row in _rows(session, "val_metrics"):
        if row["meta"]["optim_step"] == step and row["meta"]["kind"].startswith("val_"):
            return dict(row["metrics"])
    return {}


def _rows(session: Session, output: str) -> Iterator[dict[str, Any]]:
    return read_rows(session.layout.root / session.plan["train"].outputs[output])


def _causes(session: Session, finished: Mapping[str, Receipt], metrics: Mapping[str, Any]) -> list[Cause]:
    """Why the model finds nearly nothing; the files are read only where it does."""
    if "train" not in finished or not ends_near_nothing(metrics):
        return []
    train_rows, val_rows = (list(_rows(session, output)) for output in ("train_metrics", "val_metrics"))
    return diagnose(Ended(finished["train"].spec, finished["prepare_data"].numbers, train_rows, val_rows, metrics))


def _told(cause: Cause) -> list[str]:
    """The cause in lines of the terminal's width; what to type is among the commands."""
    lines = wrap(f"warning: {cause.code} {cause.problem}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return [*lines, *wrap(f"fix: {cause.advice}", WIDTH, initial_indent="  ", subsequent_indent="    ")]


def _repairs(session: Session, causes: Sequence[Cause]) -> list[str]:
    """What may make something of a model that finds nothing."""
    word = shlex.quote(session.layout.word)
    words = [" ".join(["yolozu run", word, *cause.words]) for cause in causes if cause.words]
    return [*words[: MOST_COMMANDS - 1], f"yolozu doctor {word}"]


def _files(session: Session, finished: Mapping[str, Receipt]) -> list[tuple[str, str]]:
    """What the stages have written for people; of checkpoints, the one to use."""
    outputs = (entry for receipt in finished.values() for entry in receipt.outputs.items())
    there = [Path(path) for path, digest in outputs if digest is not None]
    shown = [path for path in there if path.suffix in KINDS and (path.suffix != ".pt" or path == Path(BEST_CHECKPOINT))]
    shown.sort(key=lambda path: list(KINDS).index(path.suffix))
    return [(KINDS[path.suffix], str(session.layout.root / path)) for path in shown]


def finished_files(session: Session, asked: Sequence[str]) -> list[tuple[str, str]]:
    """What is for people -> where it is, of the stages that ``asked`` need and that are finished."""
    names = [node.name for node in session.plan.needed_for(list(asked))]
    receipts = {name: Receipt.readable(session.layout.receipt_path(name)) for name in names}
    return _files(session, {name: receipt for name, receipt in receipts.items() if receipt is not None})


def _commands(session: Session, finished: Mapping[str, Receipt]) -> Iterator[str]:
    """What to do next with what there is: use the model, hold it against another one, train on."""
    layout = session.layout
    word, in_place = shlex.quote(layout.word), layout.root.parent == RUNS_DIR
    if "train" in finished:
        whole = in_place and "export_onnx" in finished
        model = (
            f"--run-id {layout.run_id}" if whole else f"--checkpoint {shlex.quote(str(layout.root / BEST_CHECKPOINT))}"
        )
        yield f"yolozu predict photos/ {model} --save-images drawn/"
    others = [name for name in runs_in(RUNS_DIR) if name != layout.run_id and _predicted(name)] if in_place else []
    yield (
        f"yolozu compare {others[-1]} {layout.run_id}" if others and "predict" in finished else f"yolozu status {word}"
    )
    if "train" in finished:
        early = bool(finished["train"].numbers.get("stopped_early"))
        longer = lengthened(session.plan["train"].spec, factor=2, stopped_early=early)
        yield " ".join(["yolozu run", word, *longer])


def _predicted(run_id: str) -> bool:
    return RunLayout.of(run_id).receipt_path("predict").is_file()
