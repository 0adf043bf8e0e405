"""Records of a run held against what they claim to be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.errors import GateFailed, InputError

if TYPE_CHECKING:
    from collections.abc import Callable


def require_run_meta(file: Path) -> None:
    """Refuse a ``run_meta.json`` that is not complete.

    Raises:
        GateFailed: everything that is wrong with it.
        InputError: there is no such file.
    """
    from yolozu.artifacts.run_meta import read_run_meta

    _judge(file, read_run_meta)


def require_parity_report(file: Path) -> None:
    """Refuse an ``onnx_parity.json`` that is not complete, whatever it says.

    Raises:
        GateFailed: everything that is wrong with it.
        InputError: there is no such file.
    """
    from yolozu.artifacts.parity_report import read_parity_report

    _judge(file, read_parity_report)


def _judge(file: Path, read: Callable[[Path], object]) -> None:
    """Read a file; what is wrong with the content of one that is there is a verdict, not a failure to look."""
    try:
        read(file)
    except InputError as error:
        if file.is_file():
            raise GateFailed(error.findings) from error
        raise
