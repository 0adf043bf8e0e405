"""The class table: which category id, which network index, which name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


def is_category_id(value: object) -> bool:
    """Whether ``value`` can number a category in arrays."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


@dataclass(frozen=True)
class ClassTable:
    """Classes in network order: ``names[i]`` and ``category_ids[i]`` belong to logit ``i``."""

    names: tuple[str, ...]
    category_ids: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.category_ids):
            raise ValueError(f"{len(self.names)} class names, {len(self.category_ids)} category ids")
        if len(set(self.category_ids)) != len(self.category_ids):
            raise ValueError("category ids repeat")

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def from_json(cls, rows: list[dict[str, Any]]) -> Self:
        """From the rows that `to_json` gives, in any order.

        Raises:
            ValueError: they are no such rows. Other errors of values that have no such parts pass through.
        """
        ordered = sorted(rows, key=lambda row: int(row["index"]))
        if [row["index"] for row in ordered] != list(range(len(ordered))):
            raise ValueError("class indices must be 0, 1, 2, …")
        if not all(isinstance(row["name"], str) and is_category_id(row["id"]) for row in ordered):
            raise ValueError("class names must be texts, and category ids whole numbers of 64 bits")
        return cls(tuple(row["name"] for row in ordered), tuple(row["id"] for row in ordered))

    def to_json(self) -> list[dict[str, Any]]:
        """One row a class: ``{index, id, name}``."""
        pairs = zip(self.names, self.category_ids, strict=True)
        return [{"index": index, "id": category, "name": name} for index, (name, category) in enumerate(pairs)]
