"""Arguments of Python calls, which no command line has checked: values for keys, and numbers with a range."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any, NamedTuple

from yolozu.contract.overrides import Override
from yolozu.contract.text.scalars import write_flow
from yolozu.errors import ContractError, Finding, UsageError


class Range(NamedTuple):
    """Smallest and largest value of an argument; None sets no limit."""

    low: float
    high: float | None = None


RANGES = {
    "assumed_fov_deg": Range(1, 179),
    "batch_size": Range(1),
    "every": Range(1),
    "max_images": Range(1),
    "resamples": Range(100, 100_000),
    "seed": Range(0),
    "confidence": Range(0.5, 0.999),
    "report_pictures": Range(1, 60),
    "report_score_threshold": Range(0, 1),
}
"""Of arguments that commands take too, with the same ranges."""


def require_in_range(**values: float | None) -> None:
    """Refuse numbers outside their `RANGES`; None is no number.

    Raises:
        UsageError: YZ325, all of them.
    """
    findings = []
    for name, value in values.items():
        low, high = RANGES[name]
        if value is not None and not (low <= value and (high is None or value <= high)):
            wanted = f"a number of at least {low}" if high is None else f"a number from {low} to {high}"
            findings.append(Finding("YZ325", f"{name}={value}", f"must be {wanted}", "correct it, or leave it out"))
    if findings:
        raise UsageError(findings)


def overrides_of_values(values: Mapping[str, Any]) -> list[Override]:
    """Keys of a call as overrides. Paths are texts, tuples lists, NumPy's numbers and arrays what they hold.

    Raises:
        ContractError: YZ103, every value that a contract cannot hold.
    """
    overrides, findings = [], []
    for key, value in values.items():
        try:
            plain = _plain(value)
        except TypeError as error:
            kinds = "give a number, a text, true or false, None, or a list or dict of these"
            findings.append(Finding("YZ103", key, f"holds {error}, which no contract can", kinds))
        else:
            overrides.append(Override(key, plain, f"{key}={write_flow(plain)}"))
    if findings:
        raise ContractError(findings)
    return overrides


def _plain(value: Any) -> Any:
    if isinstance(value, PathLike):
        return fspath(value)
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(type(value).__name__)
