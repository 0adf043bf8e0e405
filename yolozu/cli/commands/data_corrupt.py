"""`yolozu data corrupt` and `data corruptions`: pictures as noise, blur, weather and compression leave them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.cli.options import Made, in_range
from yolozu.cli.render import counted, say, wrapped
from yolozu.contract.sections.predict import CorruptionSection
from yolozu.progress import progress_for

DEFAULTS = CorruptionSection()

Seed = Annotated[int, in_range("seed", "Seed of what is random; the same seed gives the same pictures.")]


def corrupt(
    *,
    dataset: Annotated[Path, typer.Option(help="Data set whose pictures are corrupted.", metavar="ROOT")],
    out: Made,
    corruption: Annotated[str, typer.Option(help="Kind; `yolozu data corruptions` lists them.", metavar="KIND")],
    split: Annotated[
        str | None, typer.Option(help="Split; left out, the only one or val.", metavar="NAME", show_default=False)
    ] = None,
    severity: Annotated[int, typer.Option(min=1, max=5, help="How strong it is.")] = DEFAULTS.corruption_severity,
    seed: Seed = DEFAULTS.corruption_seed,
    max_images: Annotated[int | None, in_range("max_images", "Only the first so many, in order of name.")] = None,
) -> None:
    """Write a corrupted copy of a split: pictures as PNG, labels as they are.

    To measure a run on corrupted pictures no copy is needed: set `corruption` in the contract, for the same pixels.
    """
    from yolozu.app.derived_datasets import corrupt as write_corrupted

    name, count = write_corrupted(
        dataset,
        split,
        out,
        corruption,
        severity=severity,
        seed=seed,
        max_images=max_images,
        progress=progress_for(sys.stderr),
    )
    say(f"{out / 'dataset.json'}: {name}, {counted(count, 'image')}, {corruption} {severity}, seed {seed}")
    say(f"next: yolozu data check {out} --split {name}")


def corruptions(
    image: Annotated[Path | None, typer.Argument(help="A picture.", metavar="IMAGE", show_default=False)] = None,
    *,
    sheet: Annotated[
        Path | None, typer.Option(help="Draw every kind and severity of IMAGE into this PNG file.", metavar="FILE")
    ] = None,
    side: Annotated[int, typer.Option(min=32, max=4096, help="Longer side of a picture on the sheet, px.")] = 200,
    seed: Seed = DEFAULTS.corruption_seed,
) -> None:
    """List the kinds of corruption; with IMAGE and `--sheet` draw them side by side."""
    from yolozu.app.derived_datasets import draw_corruptions, wants_sheet

    if not wants_sheet(image, sheet):
        _list_kinds()
    elif image is not None and sheet is not None:
        draw_corruptions(image, sheet, side=side, seed=seed)
        say(sheet)


def _list_kinds() -> None:
    from yolozu.data.corruption.registry import CORRUPTIONS

    width = max(map(len, CORRUPTIONS))
    for kind in CORRUPTIONS:
        summary = CORRUPTIONS.load(kind).__doc__.partition("\n")[0]
        say(wrapped(summary.rstrip("."), indent=f"{kind:{width}}  ", hanging=" " * (width + 2)))
