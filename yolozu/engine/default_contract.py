"""The contract that a directory's commands mean where none is named: the same for `doit` and every `yolozu` command."""

from __future__ import annotations

from pathlib import Path

OWN = ("exp.yaml", "configs/default.yaml")
"""Where a directory has its own; the first is what `yolozu init` writes."""


def default_contract() -> str:
    """The working directory's own contract, or the one inside the package."""
    return next((name for name in OWN if Path(name).is_file()), embedded_contract())


def embedded_contract() -> str:
    """The contract inside the package, which serves where a directory has none of its own."""
    import yolozu.contract

    return str(Path(yolozu.contract.__path__[0]) / "default.yaml")
