"""`yolozu init`: a contract and a dodo.py to start from, or for data that is there."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolozu.app.own_data.meaning import meaning_of
from yolozu.app.published_weights import weights_named
from yolozu.app.starting_files import CONTRACT, contract_for, write_starting_files
from yolozu.cli.render import counted, say, wrapped
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from yolozu.app.own_data.starting import OwnData
    from yolozu.artifacts.published_weights import PublishedWeights
    from yolozu.data.layouts.layout import Layout

MOST_NAMES = 160
"""Characters of names of classes that are shown."""


def init(
    directory: Annotated[
        Path,
        typer.Argument(
            help="Pictures or a data set to write a contract for, here; else where to write, made when missing.",
            metavar="DIR",
        ),
    ] = Path(),
    *,
    configs: Annotated[
        bool, typer.Option("--configs", help="Also write configs/: the examples, and sizes n to x of the detector.")
    ] = False,
    weights: Annotated[
        str | None,
        typer.Option("--from", help="Published weights to start from, with the contract that fits.", metavar="NAME"),
    ] = None,
) -> None:
    """Write a commented contract `exp.yaml`, a `dodo.py` and a `.gitignore`; nothing that is there is overwritten.

    Of a DIR with labeled pictures (label files, a data set, an export of a labeling tool) the contract fits the data:
    classes, held-out pictures, size, length, device. Pictures and labels stay where and as they are.
    """
    published = None if weights is None else weights_named(weights, f"--from {weights}")
    meaning = meaning_of(directory)
    if meaning.data is not None:
        _init_for(meaning.data, meaning.layout, published, configs=configs)
        return
    instead = {} if published is None else {CONTRACT: contract_for(published)}
    for path in write_starting_files(directory, configs=configs, instead=instead):
        say(path)
    for folder in meaning.pictures_below:
        say(f"note: {folder} holds pictures: yolozu init {folder} instead writes a contract for them")
    if published is not None:
        say("next: set dataset_root, split and val_split in exp.yaml, then: yolozu run exp.yaml run_id=exp")
        return
    say("next: doit (or: yolozu run exp.yaml), then: yolozu status run_id=exp")


def _init_for(data: Path, layout: Layout | None, weights: PublishedWeights | None, *, configs: bool) -> None:
    from yolozu.app.own_data.starting import own_data

    found = own_data(data, layout, progress_for(sys.stderr), weights)
    written = [str(path) for path in write_starting_files(Path(), configs=configs, instead=found.files)]
    _show(data, found)
    say(wrapped(f"wrote: {', '.join(written)}", indent="", hanging="  "))
    say("next: doit (or: yolozu run exp.yaml)")
    say("then: yolozu predict PHOTOS --run-id exp --save-images drawn")


def _show(data: Path, found: OwnData) -> None:
    """Print what was understood, and what follows from it."""
    facts, settings, keys = found.facts, found.settings, found.keys
    time = "" if settings.minutes is None else f", some {settings.minutes:.0f} minutes"
    steps = f"{settings.max_steps} steps of {counted(settings.batch_size, 'picture')} at {settings.image_size} px"
    names = textwrap.shorten(", ".join(keys.classes), MOST_NAMES, placeholder=" …")
    lines = [
        f"data: {keys.described}, {counted(len(keys.classes), 'class', 'classes')}: {names}",
        f"trained on: {counted(facts.num_pictures, 'picture')} with {counted(facts.num_objects, 'object')}; "
        f"held out: {counted(facts.num_held_out, 'picture')}",
        f"training: {steps} on {settings.device}{time}",
    ]
    notes = [*([] if found.made is None else found.made.gaps), *found.checked.survey.notes]
    if keys.num_flawed:
        notes.append(f"{found.checked.summary()}; the contract leaves out what breaks a rule: yolozu data check {data}")
    for line in [*lines, *(f"note: {note}" for note in notes)]:
        say(wrapped(line, indent="", hanging="  "))
