"""`yolozu data split`: pictures are held out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.data_split import USUAL_SHARE, DataSplit, SplitOptions, split_data
from yolozu.cli.options import in_range
from yolozu.cli.render import counted, say, wrapped
from yolozu.progress import progress_for


def split(
    dataset: Annotated[Path, typer.Argument(help="Data set to split.", metavar="DATASET")],
    *,
    val: Annotated[float, typer.Option(help="Share of the pictures that chooses the best weights.")] = USUAL_SHARE,
    test: Annotated[float | None, typer.Option(help="Share held out for the end; left out, none.")] = None,
    seed: Annotated[int, in_range("seed", "Seed of the choice.")] = 0,
    group_by: Annotated[
        str | None,
        typer.Option(help=r"Pictures stay together in whose names this finds the same: '^(.*?)_\d+'.", metavar="REGEX"),
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split to split further, if there are several.")] = None,
    out: Annotated[Path, typer.Option(help="Directory to write the lists into.", metavar="DIR")] = Path(),
) -> None:
    """Hold pictures out: `train.txt`, `val.txt` and a `data.yaml` (or `dataset.json`) that names them.

    Nothing is copied or moved. Copies of a picture stay together, every class is in every part where that is possible,
    and the same options choose the same pictures.
    """
    shares = {"val": val} if test is None else {"val": val, "test": test}
    options = SplitOptions(shares, seed, group_by, split, out)
    show_split(split_data(dataset, options, progress_for(sys.stderr)))


def show_split(made: DataSplit) -> None:
    """Print the parts, and what they lack."""
    lists = list(made.files)[:-1]
    for path, (part, names) in zip(lists, made.parts.names.items(), strict=True):
        say(f"{path}: {counted(len(names), 'picture')}, {counted(made.num_objects(part), 'object')}")
    say(f"{made.dataset_root}: the data set of these parts")
    if made.num_copies:
        say(
            wrapped(
                f"note: {counted(made.num_copies, 'copy', 'copies')} of pictures kept together", indent="", hanging="  "
            )
        )
    for gap in made.gaps:
        say(wrapped(f"note: {gap}", indent="", hanging="  "))
