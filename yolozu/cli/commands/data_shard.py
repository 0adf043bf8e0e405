"""`yolozu data shard`: pictures and labels in tar files, for the same training as from a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.sharding import SHARD_SIZE, shard_data
from yolozu.cli.options import in_range
from yolozu.cli.render import counted, say
from yolozu.engine.store.size import size_in_words
from yolozu.progress import progress_for


def shard(
    dataset: Annotated[Path, typer.Argument(help="Data set whose pictures and labels are packed.", metavar="DATASET")],
    *,
    out: Annotated[Path, typer.Option(help="New directory for the data set of tar files.", metavar="DIR")],
    split: Annotated[
        list[str] | None, typer.Option(help="A split of it; several times for several. Default: all.", metavar="NAME")
    ] = None,
    shard_size: Annotated[
        str, typer.Option(help="Most bytes of a tar file (256MB, 1GB), or most pictures in one (5000).", metavar="SIZE")
    ] = SHARD_SIZE,
    seed: Annotated[
        int | None, in_range("seed", "Shuffle the pictures by this seed; without it they keep their order.")
    ] = None,
    order: Annotated[
        Path | None, typer.Option(help="Text file with the pictures in the order wanted, one a line.", metavar="FILE")
    ] = None,
) -> None:
    """Write pictures, and all that belongs to them, into tar files: the same records in the same order, same bytes.

    Beside each lies its index (`.idx`), which tells other readers where members lie.
    """
    done = shard_data(
        dataset,
        out,
        tuple(split or ()),
        shard_size=shard_size,
        seed=seed,
        order=order,
        progress=progress_for(sys.stderr),
    )
    for one in done:
        images, tars = counted(one.num_images, "image"), counted(one.num_shards, "tar file")
        say(f"{out / 'dataset.json'}: {one.split}, {images} in {tars}, {size_in_words(one.size)}")
