"""`yolozu init`: a contract and a dodo.py to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.starting_files import write_starting_files


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write; made when missing.", metavar="DIR")] = Path(),
    *,
    configs: Annotated[
        bool, typer.Option("--configs", help="Also write configs/: the examples, and sizes n to x of the detector.")
    ] = False,
) -> None:
    """Write a commented contract `exp.yaml`, a `dodo.py` and a `.gitignore`; nothing that is there is overwritten."""
    for path in write_starting_files(directory, configs=configs):
        print(path)
    print("next: doit (or: yolozu run exp.yaml), then: yolozu status run_id=exp")
