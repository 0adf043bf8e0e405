"""`yolozu init`: a contract and a dodo.py to start from."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from yolozu.app.outputs import require_makeable
from yolozu.artifacts.jsonio import write_text
from yolozu.errors import Finding, UsageError

SUFFIX = ".template"
CONFIGS = "configs"
"""Contracts that the documentation names: of the checkout, and in the package under the same name."""
SCHEMA_LINE = "# yaml-language-server:"
"""What tells editors of a checkout its schema; elsewhere it would point nowhere."""
IGNORED = "/runs/\n"
"""What git is to leave alone."""


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write; made when missing.", metavar="DIR")] = Path(),
    *,
    configs: Annotated[
        bool, typer.Option("--configs", help="Also write configs/: the examples, and sizes n to x of the detector.")
    ] = False,
) -> None:
    """Write a commented contract `exp.yaml`, a `dodo.py` and a `.gitignore`; nothing that is there is overwritten."""
    texts = {directory / name: text for name, text in [*_templates(), *(_configs() if configs else ())]}
    require_makeable("DIR", directory)
    taken = [path for path in texts if path.exists()]
    if taken:
        raise UsageError(
            Finding("YZ905", str(path), "is there already", "move it away, or name another directory") for path in taken
        )
    for path, text in texts.items():
        write_text(path, text)
        print(path)
    ignore = directory / ".gitignore"
    if not ignore.exists():
        write_text(ignore, IGNORED)
        print(ignore)
    print("next: doit (or: yolozu run exp.yaml), then: yolozu status run_id=exp")


def _templates() -> Iterator[tuple[str, str]]:
    """Path and text of what a directory starts with."""
    for entry in _sorted(files("yolozu.cli") / "templates"):
        if entry.name.endswith(SUFFIX):
            yield entry.name.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")


def _configs() -> Iterator[tuple[str, str]]:
    """Path and text of every contract in a folder of `CONFIGS`; the default, beside the folders, is built in."""
    for folder in _sorted(files("yolozu") / CONFIGS):
        for entry in _sorted(folder) if folder.is_dir() else ():
            lines = entry.read_text(encoding="utf-8").splitlines(keepends=True)
            text = "".join(line for line in lines if not line.startswith(SCHEMA_LINE))
            yield f"{CONFIGS}/{folder.name}/{entry.name}", text


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda entry: entry.name)
