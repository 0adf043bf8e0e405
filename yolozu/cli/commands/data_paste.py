"""`yolozu data paste`: objects of a data set before other backgrounds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.cli.options import Made, in_range
from yolozu.cli.render import say
from yolozu.progress import progress_for


def paste(
    *,
    dataset: Annotated[Path, typer.Option(help="Data set whose objects have masks.", metavar="DIR")],
    split: Annotated[str, typer.Option(help="Split of it.", metavar="NAME")],
    backgrounds: Annotated[Path, typer.Option(help="Pictures to paste the objects onto.", metavar="DIR")],
    out: Made,
    size: Annotated[int, typer.Option(min=32, max=4096, help="Side of the new images in px.")],
    name: Annotated[
        str | None, typer.Option("--as", help="Name of the new split; left out, the same.", metavar="NAME")
    ] = None,
    per_image: Annotated[int, typer.Option(min=1, max=1000, help="New images of each image.")] = 1,
    seed: Annotated[int, in_range("seed", "Seed of everything that is drawn.")] = 0,
    rotate_deg: Annotated[
        float, typer.Option(min=0.0, max=180.0, help="Largest rotation about the optical axis, in degrees.")
    ] = 0.0,
    scale_min: Annotated[float, typer.Option(min=0.01, max=4.0, help="Smallest zoom of the letterboxed image.")] = 1.0,
    scale_max: Annotated[float, typer.Option(min=0.01, max=4.0, help="Largest zoom.")] = 1.0,
    translate: Annotated[float, typer.Option(min=0.0, max=0.9, help="Largest shift, as a fraction of the size.")] = 0.0,
) -> None:
    """Cut objects out by their masks and paste them onto other pictures; camera, poses and boxes follow exactly."""
    from yolozu.app.derived_datasets import paste as compose

    new_split = split if name is None else name
    count = compose(
        dataset,
        split,
        out,
        new_split=new_split,
        backgrounds=backgrounds,
        size=size,
        per_image=per_image,
        seed=seed,
        rotate_deg=rotate_deg,
        scale_min=scale_min,
        scale_max=scale_max,
        translate=translate,
        progress=progress_for(sys.stderr),
    )
    say(f"{out / 'dataset.json'}: {new_split}, {count} images of {size} px")
    say(f"next: yolozu data check {out} --split {new_split}")
