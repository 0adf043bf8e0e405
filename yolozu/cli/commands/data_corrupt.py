"""`yolozu data corrupt` and `data corruptions`: pictures as noise, blur, weather and compression leave them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.datasets import chosen_split
from yolozu.app.outputs import require_makeable, require_writable
from yolozu.cli.render import counted, wrapped
from yolozu.contract.sections.predict import CorruptionSection
from yolozu.errors import UsageError
from yolozu.progress import progress_for

DEFAULTS = CorruptionSection()
SHEET_SUFFIX = ".png"

Seed = Annotated[int, typer.Option(min=0, help="Seed of what is random; the same seed gives the same pictures.")]


def corrupt(
    *,
    dataset: Annotated[Path, typer.Option(help="Data set whose pictures are corrupted.", metavar="ROOT")],
    out: Annotated[Path, typer.Option(help="Data set to make, or to extend by the split.", metavar="DIR")],
    corruption: Annotated[str, typer.Option(help="Kind; `yolozu data corruptions` lists them.", metavar="KIND")],
    split: Annotated[
        str | None, typer.Option(help="Split; left out, the only one or val.", metavar="NAME", show_default=False)
    ] = None,
    severity: Annotated[int, typer.Option(min=1, max=5, help="How strong it is.")] = DEFAULTS.corruption_severity,
    seed: Seed = DEFAULTS.corruption_seed,
    max_images: Annotated[int | None, typer.Option(min=1, help="Only the first so many, in order of name.")] = None,
) -> None:
    """Write a corrupted copy of a split: pictures as PNG, labels as they are.

    To measure a run on corrupted pictures no copy is needed: set `corruption` in the contract, for the same pixels.
    """
    from yolozu.data.corruption.corruption import corruption_of
    from yolozu.data.layouts.layout import find_layout
    from yolozu.data.prepare.corrupted import CorruptPlan, write_corrupted

    require_makeable("--out", out)
    transform = corruption_of(corruption, severity, seed)
    name = chosen_split(find_layout(dataset)) if split is None else split
    plan = CorruptPlan(dataset, name, out, transform, max_images)
    count = write_corrupted(plan, progress_for(sys.stderr))
    print(f"{out / 'dataset.json'}: {name}, {counted(count, 'image')}, {corruption} {severity}, seed {seed}")
    print(f"next: yolozu data check {out} --split {name}")


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
    if (image is None) != (sheet is None):
        missing = "an IMAGE" if image is None else "--sheet"
        raise _refused(f"needs {missing}", "give IMAGE and --sheet FILE.png, or neither for the list")
    if image is None or sheet is None:
        _list_kinds()
        return
    if sheet.suffix.lower() != SHEET_SUFFIX:
        raise _refused(f"--sheet {sheet} is no name of a PNG file", f"name it {sheet.with_suffix(SHEET_SUFFIX)}")
    _draw(image, sheet, side, seed)
    print(sheet)


def _list_kinds() -> None:
    from yolozu.data.corruption.registry import CORRUPTIONS

    width = max(map(len, CORRUPTIONS))
    for kind in CORRUPTIONS:
        summary = CORRUPTIONS.load(kind).__doc__.partition("\n")[0]
        print(wrapped(summary.rstrip("."), indent=f"{kind:{width}}  ", hanging=" " * (width + 2)))


def _draw(image: Path, sheet: Path, side: int, seed: int) -> None:
    from yolozu.artifacts.atomic_files import explaining_write_errors
    from yolozu.artifacts.jsonio import atomic_replacement
    from yolozu.data.corruption.contact_sheet import contact_sheet
    from yolozu.data.images import read_image

    if sheet.exists():
        fix = "move it away, or name another file with --sheet"
        raise UsageError.one("YZ905", where=str(sheet), problem="is there already", fix=fix)
    require_writable({"--sheet": sheet}, [image])
    drawn = contact_sheet(read_image(image), image.name, seed=seed, side=side)
    with explaining_write_errors(sheet), atomic_replacement(sheet) as aside:
        drawn.save(aside, "PNG")


def _refused(problem: str, fix: str) -> UsageError:
    return UsageError.one("YZ903", where="yolozu data corruptions", problem=problem, fix=fix)  # type: ignore[return-value]
