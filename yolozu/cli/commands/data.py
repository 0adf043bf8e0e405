"""`yolozu data …`: data sets are checked and made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from yolozu.app.outputs import require_makeable
from yolozu.artifacts.jsonio import pretty
from yolozu.cli.options import in_range
from yolozu.cli.render import counted, wrapped
from yolozu.contract.sections.data import SynthSection
from yolozu.errors import EXIT_REFUSED
from yolozu.progress import progress_for

if TYPE_CHECKING:
    from yolozu.data.checking.check import CheckedData

DEFAULTS = SynthSection()
MOST_LISTED = 20


def check(
    root: Annotated[Path, typer.Argument(help="Directory of the data set, or its data.yaml.", metavar="ROOT")],
    *,
    split: Annotated[
        list[str] | None, typer.Option(help="Split, may be repeated (training first); left out, all of them.")
    ] = None,
    policy: Annotated[
        Literal["fail", "warn", "drop"],
        typer.Option(help="What findings do: fail (exit 1), warn, or drop what they concern."),
    ] = "fail",
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Check images and labels of a data set. Exit 1 when something was found and the policy is fail."""
    from yolozu.app.datasets import checked_splits

    checked = checked_splits(root, split or [], progress_for(sys.stderr))
    report = checked.report(policy)
    if as_json:
        print(pretty(report), end="")
    else:
        _show(checked, report)
    if not report["passed"]:
        raise typer.Exit(EXIT_REFUSED)


def synth(
    out: Annotated[Path, typer.Argument(help="New directory for the data set.", metavar="OUT")],
    *,
    images: Annotated[int, typer.Option(min=1, help="Training images.")] = DEFAULTS.synth_images,
    val_images: Annotated[int, typer.Option(min=1, help="Held-out images.")] = DEFAULTS.synth_val_images,
    size: Annotated[int, typer.Option(min=64, max=1024, help="Side of the images in px.")] = DEFAULTS.synth_size,
    max_objects: Annotated[
        int, typer.Option(min=1, max=5, help="Most solids in a scene.")
    ] = DEFAULTS.synth_max_objects,
    seed: Annotated[int, in_range("seed", "Seed of the scenes.")] = DEFAULTS.synth_seed,
) -> None:
    """Render solids on a table, with exact boxes, masks and poses. The same options give the same files."""
    from yolozu.data.synth.writer import SynthPlan, write_scenes

    require_makeable("OUT", out)
    plan = SynthPlan(images=images, val_images=val_images, size=size, max_objects=max_objects, seed=seed)
    write_scenes(out, plan, progress_for(sys.stderr))
    print(f"{out}: {images} training and {val_images} held-out images of {size} px")


def _show(checked: CheckedData, report: dict[str, Any]) -> None:
    for name, counts in report["splits"].items():
        print(f"{name}: {_described(counts)}")
    models = f", {report['models']} with a model" if report["models"] else ""
    print(f"{counted(report['classes'], 'class', 'classes')}{models}")
    for note in report["notes"]:
        print(wrapped(f"note: {note}", indent="", hanging="  "))
    for rule, by_split in report["counts"].items():
        _show_rule(checked, rule, sum(by_split.values()))
    found = counted(len(checked.violations), "warning" if checked.clean else "finding")
    print(f"\n{found}: {checked.summary()}" if checked.violations else "nothing found")
    for name, counts in report["splits"].items():
        images, objects = counts["images"] - counts["images_used"], counts["instances"] - counts["instances_used"]
        if report["passed"] and (images or objects):
            print(f"{name}: {counted(images, 'image')} and {counted(objects, 'object')} would be left out")


def _described(counts: dict[str, int]) -> str:
    bare, poses = counts["images_without_labels"], counts["instances_with_pose"]
    cameras = counts["images_with_camera"]
    parts = [
        counted(counts["images"], "image") + (f" ({bare} without labels)" if bare else ""),
        counted(counts["instances"], "object"),
    ]
    if poses or cameras:
        parts.append(f"{poses} with {'a pose' if poses == 1 else 'poses'}")
        parts += (
            [] if cameras == counts["images"] else [f"{counted(counts['images'] - cameras, 'image')} without a camera"]
        )
    return ", ".join(parts)


def _show_rule(checked: CheckedData, rule: str, count: int) -> None:
    from yolozu.app.datasets import by_fix

    code, found = by_fix(checked, rule)
    print(f"\n{code} {rule}: {count}")
    for fix, lines in found.items():
        print(wrapped(f"fix: {fix}", indent="  ", hanging="    "))
        for line in lines[:MOST_LISTED]:
            print(wrapped(line, indent="  ", hanging="    "))
        if len(lines) > MOST_LISTED:
            print(f"  … and {len(lines) - MOST_LISTED} more; --json lists all")
