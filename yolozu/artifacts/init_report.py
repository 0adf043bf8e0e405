"""``init.json``: which of a training's first weights came from a file, and which are new."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from yolozu.artifacts.record import Record, read_record, write_record


class InitRow(Record):
    """What became of some tensors of one part of the detector."""

    part: str
    """Part of the detector: backbone, projector, encoder, memory_projector, selector, decoder, denoising, k_head or
    reconstruction."""

    action: Literal["copied", "extended", "remapped", "re-initialized"]
    """Copied: bit for bit. Extended, remapped: the file's class rows by position, by name; other rows are new.
    Re-initialized: as without a file."""

    tensors: int
    """Number of tensors."""

    values_from_file: int
    """Their numbers that are the file's."""

    values_new: int
    """Their numbers that are as without a file."""


class InitClass(Record):
    """Where the rows of one class came from."""

    index: int
    """The class's place in the network."""

    name: str
    """Its name in the data set."""

    from_index: int | None
    """Its place in the file; null where its rows are new."""

    from_name: str | None
    """Its name in the file; null where its rows are new, or the file does not tell."""


class InitReport(Record):
    """What a detector started from."""

    schema_version: Literal[1] = 1
    """Version of this file's form."""

    timestamp: str
    """When: UTC, ISO 8601."""

    init_from: str
    """The file or directory that the contract names."""

    files: dict[str, str]
    """What was read -> its SHA-256."""

    kind: str
    """What the file is."""

    head_init: Literal["reinit", "extend", "remap"] | None
    """How the contract wants rows of classes carried over."""

    table: list[InitRow]
    """All tensors of the detector."""

    classes: list[InitClass]
    """All classes of the data set; empty where the file is a backbone."""

    left_out: list[str]
    """Tensors of the file that this detector has no use for."""

    notes: list[str]
    """What else to know."""


def write_init_report(path: Path, report: InitReport) -> None:
    """Replace the file at ``path``, whole or not at all."""
    write_record(path, report)


def read_init_report(path: Path) -> InitReport:
    """The report at ``path``.

    Raises:
        InputError: YZ415, missing or not of this form; one finding per field.
    """
    return read_record(path, InitReport, code="YZ415", fix="take an unedited copy, or train again")
