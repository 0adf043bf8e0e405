"""`yolozu data subset`: some images of a split, the same ones every time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolozu.cli.options import Made, in_range
from yolozu.cli.render import counted, say


def subset(
    *,
    dataset: Annotated[Path, typer.Option(help="Data set to choose from.", metavar="ROOT")],
    split: Annotated[str, typer.Option(help="Split to choose from.", metavar="NAME")],
    out: Made,
    count: Annotated[int | None, typer.Option(min=1, help="So many images.")] = None,
    fraction: Annotated[float | None, typer.Option(help="This part of the images, above 0 to 1.")] = None,
    per_class: Annotated[
        int | None, typer.Option(min=1, help="So many images of each class, as far as there are.")
    ] = None,
    seed: Annotated[int, in_range("seed", "Seed of the choice.")] = 0,
) -> None:
    """Choose images of a split, whatever the order of files. A larger subset holds the smaller ones.

    The choice and its SHA-256 are in `subset.json`. Images are linked to, labels and poses copied.
    """
    from yolozu.app.derived_datasets import subset as choose

    chosen = choose(dataset, split, out, seed=seed, count=count, fraction=fraction, per_class=per_class)
    images = f"{chosen.num_images} of {counted(chosen.num_available, 'image')}"
    say(f"{out / 'dataset.json'}: {split}, {images}, {counted(chosen.num_objects, 'object')}")
    say(f"sha256 {chosen.sha256} (in {out / 'subset.json'})")
