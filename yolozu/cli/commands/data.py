"""`yolozu data synth`: scenes are rendered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from yolozu.app.outputs import require_makeable
from yolozu.cli.options import in_range
from yolozu.cli.render import say
from yolozu.contract.sections.data import SynthSection
from yolozu.progress import progress_for

DEFAULTS = SynthSection()
MOST_LISTED = 20


def synth(
    out: Annotated[Path, typer.Argument(help="New directory for the data set.", metavar="OUT")],
    *,
    images: Annotated[int, typer.Option(min=1, help="Training images.")] = DEFAULTS.synth_images,
    val_images: Annotated[int, typer.Option(min=1, help="Held-out images.")] = DEFAULTS.synth_val_images,
    size: Annotated[int, typer.Option(min=64, max=1024, help="Side of the images in px.")] = DEFAULTS.synth_size,
    max_objects: Annotated[
        int, typer.Option(min=1, max=5, help="Most solids in a scene.")
    ] = DEFAULTS.synth_max_objects,
    table: Annotated[Literal["muted", "bright"], typer.Option(help="Colors of the tables.")] = DEFAULTS.synth_table,
    seed: Annotated[int, in_range("seed", "Seed of the scenes.")] = DEFAULTS.synth_seed,
) -> None:
    """Render solids on a table, with exact boxes, masks and poses. The same options give the same files."""
    from yolozu.data.synth.writer import SynthPlan, write_scenes

    require_makeable("OUT", out)
    plan = SynthPlan(images=images, val_images=val_images, size=size, max_objects=max_objects, seed=seed, table=table)
    write_scenes(out, plan, progress_for(sys.stderr))
    say(f"{out}: {images} training and {val_images} held-out images of {size} px")
