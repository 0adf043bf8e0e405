"""`yolozu data prepare-bop`: a split of a BOP data set becomes a data set in YOLO layout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.outputs import require_makeable
from yolozu.cli.options import Made
from yolozu.cli.render import counted, say, wrapped
from yolozu.progress import progress_for


def prepare_bop(
    *,
    bop_root: Annotated[Path, typer.Option(help="BOP data set: models/ and the splits.", metavar="DIR")],
    split: Annotated[str, typer.Option(help="Split, such as train_pbr.", metavar="NAME")],
    out: Made,
    copy_images: Annotated[
        bool, typer.Option("--copy-images", help="Copy images, masks and meshes, so that the data set can be moved.")
    ] = False,
) -> None:
    """Write labels and pose sidecars of a BOP split, in metres; images, masks and meshes stay where they are.

    A BOP data set can also be used as it is: give its directory as `dataset_root`.
    """
    from yolozu.data.prepare.bop import BopPlan, prepare_bop

    require_makeable("--out", out)
    made = prepare_bop(BopPlan(bop_root, split, out, copy_images), progress_for(sys.stderr))
    objects = f"{counted(made.num_images, 'image')}, {counted(made.num_objects, 'object')} with poses"
    say(f"{out / 'dataset.json'}: {split}, {objects}, {counted(made.num_classes, 'class', 'classes')}")
    for note in made.notes:
        say(wrapped(f"note: {note}", indent="", hanging="  "))
    say(f"next: yolozu data check {out} --split {split}")
