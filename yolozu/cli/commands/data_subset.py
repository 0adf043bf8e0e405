"""`yolozu data subset`: some images of a split, the same ones every time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.outputs import require_makeable
from yolozu.cli.render import counted
from yolozu.errors import UsageError

COMMAND = "yolozu data subset"


def subset(
    *,
    dataset: Annotated[Path, typer.Option(help="Data set to choose from.", metavar="ROOT")],
    split: Annotated[str, typer.Option(help="Split to choose from.", metavar="NAME")],
    out: Annotated[Path, typer.Option(help="Data set to make, or to extend by the split.", metavar="DIR")],
    count: Annotated[int | None, typer.Option(min=1, help="So many images.")] = None,
    fraction: Annotated[float | None, typer.Option(help="This part of the images, above 0 to 1.")] = None,
    per_class: Annotated[
        int | None, typer.Option(min=1, help="So many images of each class, as far as there are.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the choice.")] = 0,
) -> None:
    """Choose images of a split, whatever the order of files. A larger subset holds the smaller ones.

    The choice and its SHA-256 are in `subset.json`. Images are linked to, labels and poses copied.
    """
    from yolozu.artifacts.digest import DigestCache
    from yolozu.data.prepare.subset import SELECTION_NAME, SubsetPlan
    from yolozu.data.prepare.subset import subset as choose
    from yolozu.paths import digest_cache_path

    _refuse_contradictions(count, fraction, per_class)
    require_makeable("--out", out)
    plan = SubsetPlan(dataset, split, out, seed, count, fraction, per_class)
    with DigestCache(digest_cache_path()) as cache:
        chosen = choose(plan, cache)
    images = f"{chosen.num_images} of {counted(chosen.num_available, 'image')}"
    print(f"{out / 'dataset.json'}: {split}, {images}, {counted(chosen.num_objects, 'object')}")
    print(f"sha256 {chosen.sha256} (in {out / SELECTION_NAME})")


def _refuse_contradictions(count: int | None, fraction: float | None, per_class: int | None) -> None:
    if count is not None and fraction is not None:
        problem = "--count and --fraction say the same thing twice"
    elif (count, fraction, per_class) == (None, None, None):
        problem = "does not know how many images"
    elif fraction is not None and not 0.0 < fraction <= 1.0:
        problem = f"--fraction {fraction:g} is not above 0 and at most 1"
    else:
        return
    raise UsageError.one("YZ903", where=COMMAND, problem=problem, fix="give --count, --fraction or --per-class")
