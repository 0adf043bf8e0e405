"""`yolozu continual teachers`: what a detector says of images, stored for a training with `derpp`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.cli.options import Dataset, Split
from yolozu.cli.render import counted, say
from yolozu.progress import progress_for


def teachers(
    *,
    checkpoint: Annotated[
        str,
        typer.Option(
            help="Whose outputs: a checkpoint, or a run (id or directory), whose best it is.", metavar="RUN|FILE"
        ),
    ],
    dataset: Dataset,
    output: Annotated[Path, typer.Option("--output", "--out", help="Directory of the files.", metavar="DIR")],
    split: Split = None,
    device: Annotated[str, typer.Option(help="Where the detector runs: cpu, cuda or cuda:N.")] = "cpu",
) -> None:
    """Store what a detector says of each image of a split: its logits and boxes, query by query.

    A training with `derpp: true` and `derpp_teacher_key: DIR` is held to them. Each file is called by the SHA-256 of
    its image, so that it stays that image's wherever the data set goes, and several splits may share a directory.
    """
    from yolozu.app.stored_outputs import write_teachers

    done = write_teachers(checkpoint, dataset, split, output, device=device, progress=progress_for(sys.stderr))
    say(f"{output}: {counted(done.files, 'file')} for {counted(done.images, 'image')} of {done.split}")
    say(f"outputs of {done.checkpoint}; use them with derpp: true and derpp_teacher_key: {output}")
