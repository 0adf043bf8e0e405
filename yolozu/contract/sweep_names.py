"""Names of a sweep's runs, made of the values that they are given: `lr0.001-seed2`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from yolozu.artifacts.digest import digest_of
from yolozu.contract.text.node import KeyPath

LONGEST = 64
"""Of a run's name."""

LONGEST_VALUE = 24
DIGITS = 6
"""Of a digest that stands for what is too long, or cannot be written in a name."""

Values = Mapping[KeyPath, Any]


def run_names(prefix: str, runs: Sequence[Values]) -> list[str]:
    """A name for each run, in any order of runs and keys the same.

    Args:
        prefix: name of the sweep.
        runs: key -> value, of what each is given.
    """
    names = [_cut(f"{prefix}-{name_of(run)}" if run else prefix, run) for run in runs]
    often = Counter(names)
    return [
        name if often[name] == 1 or runs.count(run) == often[name] else _marked(name, run)
        for name, run in zip(names, runs, strict=True)
    ]


def name_of(run: Values) -> str:
    """``lr0.001-optimizer_sgd-seed2``; the keys in alphabetical order, those of the model without that word."""
    parts = sorted((_key(path), path) for path in run)
    return "-".join(f"{key}{_value(run[path])}" for key, path in parts)


def _key(path: KeyPath) -> str:
    words = path[1:] if len(path) > 1 and path[0] == "model" else path
    return re.sub(r"[^A-Za-z0-9._-]", "_", ".".join(map(str, words)))


def _value(value: Any) -> str:
    """A number right behind its key, a word behind `_`; else six digits of a digest."""
    text = _number(value) if isinstance(value, int | float) and not isinstance(value, bool) else _word(value)
    return text if re.fullmatch(rf"[A-Za-z0-9._-]{{1,{LONGEST_VALUE}}}", text) else f"_{_digest(value)}"


def _number(value: float) -> str:
    """Nothing where six digits are not the number, or it cannot be written in a name."""
    text = str(value) if isinstance(value, int) else f"{value:.6g}"
    return text if float(text) == value else ""


def _word(value: Any) -> str:
    """Nothing for lists and maps."""
    if value is None or isinstance(value, bool):
        return {None: "_null", True: "_true", False: "_false"}[value]
    return f"_{value}" if isinstance(value, str) and value else ""


def _cut(name: str, run: Values) -> str:
    return name if len(name) <= LONGEST else _marked(name, run)


def _marked(name: str, run: Values) -> str:
    """``name`` with a digest of the values at its end, as long as a name may be."""
    return f"{name[: LONGEST - DIGITS - 1]}-{_digest({'.'.join(map(str, path)): value for path, value in run.items()})}"


def _digest(value: Any) -> str:
    return digest_of(value)[:DIGITS]
