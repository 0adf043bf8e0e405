"""`yolozu init`: a contract and a dodo.py to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from yolozu.artifacts.jsonio import write_text
from yolozu.cli.outputs import require_makeable
from yolozu.errors import Finding, UsageError

SUFFIX = ".template"
IGNORED = "/runs/\n"
"""What git is to leave alone."""


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write; made when missing.", metavar="DIR")] = Path(),
) -> None:
    """Write a commented contract `exp.yaml`, a `dodo.py` and a `.gitignore`; nothing that is there is overwritten."""
    templates = [entry for entry in files("yolozu.cli").joinpath("templates").iterdir() if entry.name.endswith(SUFFIX)]
    targets = {directory / entry.name.removesuffix(SUFFIX): entry for entry in sorted(templates, key=lambda e: e.name)}
    require_makeable("DIR", directory)
    taken = [path for path in targets if path.exists()]
    if taken:
        raise UsageError(
            Finding("YZ905", str(path), "is there already", "move it away, or name another directory") for path in taken
        )
    for path, template in targets.items():
        write_text(path, template.read_text(encoding="utf-8"))
        print(path)
    ignore = directory / ".gitignore"
    if not ignore.exists():
        write_text(ignore, IGNORED)
        print(ignore)
    print("next: doit (or: yolozu run exp.yaml), then: yolozu status run_id=exp")
