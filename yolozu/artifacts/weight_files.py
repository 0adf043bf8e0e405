"""Which files a path to weights stands for, known by content; nothing is loaded."""

from __future__ import annotations

from pathlib import Path

WEIGHTS = "model.safetensors"
CONFIG = "config.json"

_LENGTH = 8
"""Bytes of a safetensors file before its header, which is JSON."""


def is_safetensors(path: Path) -> bool:
    """Whether the file begins as safetensors do: the length of a JSON object, and the object."""
    with path.open("rb") as file:
        start = file.read(_LENGTH + 1)
    length = int.from_bytes(start[:_LENGTH], "little")
    return start[_LENGTH:] == b"{" and 0 < length <= path.stat().st_size - _LENGTH


def weight_files(path: Path) -> dict[str, Path]:
    """Name -> path of the files behind ``path``: the weights first, then what tells more about them.

    A directory stands for its ``model.safetensors``. A ``config.json`` beside safetensors belongs to them. Empty when
    there are no weights.
    """
    weights = path / WEIGHTS if path.is_dir() else path
    if not weights.is_file():
        return {}
    config = weights.with_name(CONFIG)
    found = {weights.name: weights}
    if is_safetensors(weights) and config.is_file():
        found[CONFIG] = config
    return found
