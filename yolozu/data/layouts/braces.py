"""Patterns that name several tar files, as WebDataset writes them: ``train-{000..009}.tar``. Free of numpy."""

from __future__ import annotations

import re
from itertools import product

from yolozu.artifacts.packed_files import TAR_SUFFIX

MOST_NAMED = 100_000
"""A pattern that names more files is a slip."""

_GROUP = re.compile(r"\{(?:(\d{1,12})\.\.(\d{1,12})|([^{}]*,[^{}]*))\}")


def is_pattern(text: str) -> bool:
    """Whether ``text`` names tar files by a pattern in braces."""
    return text.lower().endswith(TAR_SUFFIX) and _GROUP.search(text) is not None


def named_by(pattern: str) -> list[str]:
    """What a pattern names, in its order, as a shell expands it: ``{08..10}`` is 08, 09, 10, ``{a,b}`` is a, b.

    Raises:
        ValueError: it names more than `MOST_NAMED`; in words.
    """
    parts: list[list[str]] = []
    end = count = 0
    for match in _GROUP.finditer(pattern):
        parts += [[pattern[end : match.start()]], _alternatives(match)]
        end = match.end()
    parts.append([pattern[end:]])
    count = 1
    for part in parts:
        count *= len(part)
    if count > MOST_NAMED:
        raise ValueError(f"{pattern!r} names {count} files, more than {MOST_NAMED}")
    return ["".join(words) for words in product(*parts)]


def _alternatives(match: re.Match[str]) -> list[str]:
    first, last, listed = match.groups()
    if listed is not None:
        return str(listed).split(",")
    low, high = int(first), int(last)
    if abs(high - low) >= MOST_NAMED:
        raise ValueError(f"{match[0]!r} names {abs(high - low) + 1} files, more than {MOST_NAMED}")
    padded = any(word[0] == "0" and len(word) > 1 for word in (first, last))
    width = max(len(first), len(last)) if padded else 0
    step = 1 if low <= high else -1
    return [f"{number:0{width}d}" for number in range(low, high + step, step)]
