"""A loaded contract as text: every key, its value and where that comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.contract.docs.docstrings import summary_of
from yolozu.contract.strict.slots import Slot, flat_json, keys, sections, slots_of
from yolozu.contract.text.node import printable
from yolozu.contract.text.scalars import write_flow, write_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yolozu.contract.loader import LoadedContract
    from yolozu.contract.sections.run import Contract

COMMENT_COLUMN = 40


@dataclass(frozen=True)
class Row:
    """One key: dotted name, value as YAML writes it, origin."""

    key: str
    value: str
    origin: str


def rows(loaded: LoadedContract) -> list[Row]:
    """Every key that holds a value of its own, in the order of the contract; nested keys dotted."""
    return [Row(key, write_flow(value), loaded.origin_of(key)) for key, value in leaf_values(loaded.contract)]


def entry_rows(loaded: LoadedContract) -> list[Row]:
    """As `rows`, with a row of its own for every entry of a map, which may be given at a place of its own."""
    found: list[Row] = []
    for key, value in leaf_values(loaded.contract):
        entries = {f"{key}.{name}": entry for name, entry in value.items()} if isinstance(value, dict) else {}
        found += [
            Row(name, write_flow(entry), loaded.origin_of(name)) for name, entry in (entries or {key: value}).items()
        ]
    return found


def leaf_values(contract: Contract) -> Iterator[tuple[str, Any]]:
    """Dotted key and JSON value of every key that is no section, in the order of the contract."""
    values = flat_json(contract)
    for key, slot in keys().items():
        yield from _leaves(key, slot, values[key])


def to_yaml(loaded: LoadedContract) -> str:
    """The resolved contract: every key with its value and, as a comment, its origin; itself a contract."""
    values = flat_json(loaded.contract)
    lines = ["# Every key of the contract as it was resolved, and where its value comes from."]
    for section in sections().values():
        lines += ["", f"# {summary_of(section)}"]
        for key, slot in slots_of(section).items():
            lines += _lines((key,), slot, values[key], loaded)
    return "\n".join(lines) + "\n"


def recorded_rows(loaded: LoadedContract, text: str) -> list[Row]:
    """The rows of a contract that `to_yaml` wrote, with the origins that it has noted.

    Args:
        loaded: the contract, loaded from the file.
        text: of the file.
    """
    found, lines = [], [line.strip() for line in text.splitlines()]
    for row in entry_rows(loaded):
        head = f"{write_scalar(row.key.rsplit('.', 1)[-1])}: {row.value}"
        place = next((place for place, line in enumerate(lines) if line.startswith(f"{head} ")), None)
        if place is None:  # the name of an entry has a dot itself
            found.append(row)
        else:
            found.append(Row(row.key, row.value, lines[place].removeprefix(head).strip().removeprefix("# ")))
            lines = lines[place + 1 :]
    return found


def _leaves(key: str, slot: Slot, value: Any) -> Iterator[tuple[str, Any]]:
    if slot.section is None:
        yield key, value
        return
    for name, child in slots_of(slot.section).items():
        yield from _leaves(f"{key}.{name}", child, value[name])


def _lines(path: tuple[str, ...], slot: Slot, value: Any, loaded: LoadedContract) -> Iterator[str]:
    name = "  " * (len(path) - 1) + write_scalar(path[-1])
    if slot.section is not None:
        yield f"{name}:"
        for key, child in slots_of(slot.section).items():
            yield from _lines((*path, key), child, value[key], loaded)
    elif isinstance(value, dict) and value:
        yield f"{name}:"
        for key, entry in value.items():
            item = slot.child(key)
            assert item is not None
            yield from _lines((*path, key), item, entry, loaded)
    else:
        yield _line(f"{name}: {write_flow(value)}", loaded.origin_of(".".join(path)))


def _line(text: str, origin: str) -> str:
    return f"{text:<{COMMENT_COLUMN}} # {printable(origin)}"
