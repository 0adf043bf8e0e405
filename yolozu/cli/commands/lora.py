"""`yolozu lora`: adapters merged into their base, taken off it, and put beside it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolozu.app.adapter_files import apply_file, merge_file, split_file
from yolozu.cli.options import Json
from yolozu.cli.render import say, say_json

if TYPE_CHECKING:
    from yolozu.app.adapter_files import Written

Given = Annotated[Path, typer.Argument(help="A checkpoint with adapters.", metavar="CHECKPOINT", show_default=False)]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.", metavar="FILE", show_default=False)]


def merge(checkpoint: Given, *, output: Output, as_json: Json = False) -> None:
    """Write an ordinary checkpoint that computes what the one with adapters does, to hand on or to start from.

    Export and prediction merge by themselves and need no such file.
    """
    _show(merge_file(checkpoint, output), as_json=as_json)


def split(
    checkpoint: Given,
    *,
    output: Output,
    base: Annotated[
        Path | None,
        typer.Option(help="Also write what they belong to, once for all its adapters.", metavar="FILE"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the adapters alone, a file of a megabyte: it names by a digest the weights that it belongs to."""
    _show(split_file(checkpoint, output, base), as_json=as_json)


def apply(
    base: Annotated[Path, typer.Argument(help="The checkpoint that they belong to.", metavar="BASE")],
    adapters: Annotated[Path, typer.Argument(help="What `lora split` has written.", metavar="ADAPTERS")],
    *,
    output: Output,
    as_json: Json = False,
) -> None:
    """Write the checkpoint that adapters were split from; refused beside weights that they do not belong to."""
    _show(apply_file(base, adapters, output), as_json=as_json)


def _show(written: Written, *, as_json: bool) -> None:
    if as_json:
        files = [{"path": str(file.path), "bytes": file.size, "holds": file.what} for file in written.files]
        say_json(json.dumps({"files": files, "notes": list(written.notes)}, indent=2))
        return
    for file in written.files:
        say(f"{file.path}: {file.size / 1e6:.2f} MB, {file.what}")
    for note in written.notes:
        say(note)
