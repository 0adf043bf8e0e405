"""Metrics rows as a table that spreadsheets and statistics programs read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yolozu.artifacts.jsonio import atomic_replacement
from yolozu.errors import Finding, InputError

FIRST = ("timestamp", "meta.kind", "meta.epoch", "meta.step", "meta.optim_step", "schema_version")
"""Columns of every table, in this order; those of the losses follow, then those of the metrics, each by name."""

GROUPS = ("losses", "metrics")
WRITTEN = "runs/RUN/reports/train_metrics.jsonl"


def write_csv(jsonl: Path, target: Path) -> int:
    """Write the rows of a metrics file as CSV (RFC 4180: commas, CRLF, quotes where needed), whole or not at all.

    Columns have the dotted names that ``pandas.json_normalize`` gives the same rows; a row without a column's value,
    or with null there, has an empty cell. Numbers have all their digits.

    Args:
        jsonl: metrics as `MetricsLog` writes them.
        target: the table.

    Returns:
        The number of rows below the header.
    """
    names: dict[str, set[str]] = {group: set() for group in GROUPS}
    for row in read_rows(jsonl):
        for group in GROUPS:
            names[group] |= row[group].keys()
    columns = [*FIRST, *(f"{group}.{name}" for group in GROUPS for name in sorted(names[group]))]
    count = 0
    with atomic_replacement(target) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for row in read_rows(jsonl):
            writer.writerow(dict(_cells(row)))
            count += 1
    return count


def read_rows(jsonl: Path) -> Iterator[dict[str, Any]]:
    """The rows of a metrics file as `MetricsLog` writes them, one after the other; a line being written is none yet.

    Raises:
        InputError: YZ527 the file cannot be read, or a line of it is no row.
    """
    try:
        lines = jsonl.read_bytes().split(b"\n")
    except OSError as error:
        raise _unreadable(str(jsonl), f"cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines[:-1], start=1):
        row = _row(line)
        if row is None:
            raise _unreadable(f"{jsonl}:{number}", "is no row of metrics")
        yield row


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    groups = ("meta", *GROUPS)
    if not isinstance(row, dict) or not all(isinstance(row.get(group), dict) for group in groups):
        return None
    meta, values = row["meta"], [value for group in GROUPS for value in row[group].values() if value is not None]
    whole = isinstance(meta.get("kind"), str) and all(map(_is_number, (meta.get("optim_step"), *values)))
    return row if whole else None


def _is_number(value: Any) -> bool:
    """Whether a value of JSON is a number that a float can be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _unreadable(where: str, problem: str) -> InputError:
    return InputError([Finding("YZ527", where, problem, f"name a file as a training writes it: {WRITTEN}")])


def named_values(losses: Mapping[str, float | None], metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """The numbers of a row by one name each: ``loss`` (the total), ``loss_box``, …, ``lr``, ``map50_95``."""
    named = {"loss" if name == "total" else f"loss_{name}": value for name, value in losses.items()}
    return {**named, **metrics}


def _cells(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Column -> value; the writer makes an empty cell of None."""
    for key, value in row.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{name}", entry) for name, entry in value.items())
        else:
            yield key, value
