"""`yolozu data prepare-coco`: data sets of other layouts become ours."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from yolozu.app.outputs import require_makeable
from yolozu.cli.options import Made
from yolozu.cli.render import counted, say, wrapped
from yolozu.progress import progress_for


def prepare_coco(
    *,
    coco_root: Annotated[Path, typer.Option(help="COCO: annotations/ and images.", metavar="DIR")],
    split: Annotated[str, typer.Option(help="Split, such as val2017.", metavar="NAME")],
    out: Made,
    instances: Annotated[
        Path | None, typer.Option(help="Instances file; else annotations/instances_SPLIT.json.", metavar="FILE")
    ] = None,
    label_format: Annotated[
        Literal["coco", "yolo"],
        typer.Option("--format", help="coco: labels stay where they are. yolo: label files, without crowd regions."),
    ] = "coco",
    copy_images: Annotated[
        bool, typer.Option("--copy-images", help="Copy images, so that the data set can be moved.")
    ] = False,
) -> None:
    """Describe a split of COCO in a `dataset.json`, with absolute paths, so that nothing need be copied."""
    from yolozu.data.prepare.coco import CocoPlan, prepare_coco

    require_makeable("--out", out)
    plan = CocoPlan(coco_root, split, out, instances, label_format, copy_images)
    made = prepare_coco(plan, progress_for(sys.stderr))
    crowds = counted(made.num_crowds, "crowd region")
    objects = f"{counted(made.num_images, 'image')}, {counted(made.num_objects, 'object')}, {crowds}"
    say(f"{out / 'dataset.json'}: {split}, {objects}, {counted(made.num_classes, 'class', 'classes')}")
    say(f"images: {made.images_dir}\nlabels: {made.labels}")
    for note in made.notes:
        say(wrapped(f"note: {note}", indent="", hanging="  "))
    if made.unused:
        first = f"{made.unused[0].where}: {made.unused[0].problem}"
        left_out = f"warning: {counted(len(made.unused), 'annotation')} cannot be used; the first: {first}"
        say(wrapped(left_out, indent="", hanging="  "), file=sys.stderr)
    if label_format == "yolo" and made.num_crowds:
        those = "it" if made.num_crowds == 1 else "them"
        say(f"left out: {crowds}; YOLO labels cannot say {those}, --format coco does")
    say(f"next: yolozu data check {out} --split {split}")
