"""What a directory starts with: a contract, a dodo.py, a .gitignore, and the contracts of the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.app.outputs import require_makeable
from yolozu.artifacts.jsonio import write_text
from yolozu.errors import Finding, UsageError

if TYPE_CHECKING:
    from yolozu.artifacts.published_weights import PublishedWeights

SUFFIX = ".template"
CONFIGS = "configs"
"""Contracts that the documentation names: of the checkout, and in the package under the same name."""
CONTRACT = Path("exp.yaml")
"""The contract that a directory starts with."""
SCHEMA_LINE = "# yaml-language-server:"
"""What tells editors of a checkout its schema; elsewhere it would point nowhere."""
IGNORED = "/runs/\n"
"""What git is to leave alone."""


def write_starting_files(
    directory: Path, *, configs: bool, instead: Mapping[Path, str] | None = None
) -> Iterator[Path]:
    """Write them, each as it is given; a .gitignore that is there stays.

    Args:
        directory: where to write.
        configs: add the contracts of `CONFIGS`.
        instead: path in ``directory`` -> text that takes the place of a file of that name, or comes besides.

    Raises:
        UsageError: YZ905 files that are there already, all of them; YZ727 the directory cannot be made.
    """
    found = dict([*_templates(), *(_configs() if configs else ())])
    found |= {path.as_posix(): text for path, text in ({} if instead is None else instead).items()}
    texts = {directory / name: text for name, text in found.items()}
    require_makeable("DIR", directory)
    taken = [path for path in texts if path.exists()]
    if taken:
        raise UsageError(
            Finding("YZ905", str(path), "is there already", "move it away, or name another directory") for path in taken
        )
    ignore = directory / ".gitignore"
    for path, text in (texts if ignore.exists() else {**texts, ignore: IGNORED}).items():
        write_text(path, text)
        yield path


def _templates() -> Iterator[tuple[str, str]]:
    """Path and text of what a directory starts with."""
    for entry in _sorted(files("yolozu.app") / "templates"):
        if entry.name.endswith(SUFFIX):
            yield entry.name.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")


def contract_for(weights: PublishedWeights) -> str:
    """Text of the example contract whose model fits published weights, and which starts from them."""
    path = f"{CONFIGS}/examples/{weights.contract}.yaml"
    text = next(text for name, text in _configs() if name == path)
    here = text.replace(path, CONTRACT.as_posix())
    return re.sub(r"^init_from: .*$", f"init_from: {weights.name}", here, flags=re.MULTILINE)


def _configs() -> Iterator[tuple[str, str]]:
    """Path and text of every contract in a folder of `CONFIGS`; the default, beside the folders, is built in."""
    for folder in _sorted(files("yolozu") / CONFIGS):
        for entry in _sorted(folder) if folder.is_dir() else ():
            lines = entry.read_text(encoding="utf-8").splitlines(keepends=True)
            text = "".join(line for line in lines if not line.startswith(SCHEMA_LINE))
            yield f"{CONFIGS}/{folder.name}/{entry.name}", text


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda entry: entry.name)
