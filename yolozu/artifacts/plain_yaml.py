"""YAML of other programs: plain values, from a text that cannot mean more than it is worth reading."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MAX_DEPTH = 64
MAX_VALUES = 1_000_000
"""Aliases may make a text of a kilobyte mean billions of values; no file that is meant has so many."""

PARSER_ERRORS = (
    *(ValueError, AssertionError, AttributeError, IndexError, KeyError, TypeError),
    *(OverflowError, RecursionError),
)
"""What ruamel raises on broken text besides its own YAMLError (which is no common base of all of them)."""


class AliasBombError(ValueError):
    """A text whose aliases stand for more values than `MAX_VALUES`."""


def read_plain_yaml(text: str | bytes) -> Any:
    """The value in a YAML text; tags that would make objects are refused.

    Raises:
        YAMLError: it is no YAML; `PARSER_ERRORS` is what else the parser raises for that.
        AliasBombError: it means too many values.
        RecursionError: it nests deeper than `MAX_DEPTH`.
    """
    from ruamel.yaml import YAML

    _require_bounded(YAML(typ="safe", pure=True).parse(text))
    with anchors_again():
        return YAML(typ="safe", pure=True).load(text)


@contextmanager
def anchors_again() -> Iterator[None]:
    """In the block, ruamel does not warn of an anchor that stands twice; YAML says that the later one counts."""
    from ruamel.yaml.error import ReusedAnchorWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReusedAnchorWarning)
        yield


def _require_bounded(events: Any) -> None:
    """Hold a text against the limits, event by event, without making what its aliases stand for."""
    sizes: dict[str, int] = {}
    open_collections: list[tuple[str | None, int]] = [(None, 0)]
    for event in events:
        kind = type(event).__name__
        if kind.endswith("StartEvent") and kind.startswith(("Sequence", "Mapping")):
            open_collections.append((event.anchor, 1))
            if len(open_collections) > MAX_DEPTH:
                raise RecursionError(f"nests deeper than {MAX_DEPTH} levels")
            continue
        if kind in {"SequenceEndEvent", "MappingEndEvent"}:
            anchor, size = open_collections.pop()
        elif kind in {"ScalarEvent", "AliasEvent"}:
            anchor, size = (event.anchor, 1) if kind == "ScalarEvent" else (None, sizes.get(event.anchor, 1))
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        name, so_far = open_collections[-1]
        if so_far + size > MAX_VALUES:
            raise AliasBombError(f"its aliases stand for more than {MAX_VALUES} values")
        open_collections[-1] = (name, so_far + size)
