"""The class table: which category id, which network index, which name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


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
        """From the rows that `to_json` gives, in any order."""
        ordered = sorted(rows, key=lambda row: int(row["index"]))
        if [row["index"] for row in ordered] != list(range(len(ordered))):
            raise ValueError("class indices must be 0, 1, 2, …")
        return cls(tuple(row["name"] for row in ordered), tuple(row["id"] for row in ordered))

    def to_json(self) -> list[dict[str, Any]]:
        """One row a class: ``{index, id, name}``."""
        pairs = zip(self.names, self.category_ids, strict=True)
        return [{"index": index, "id": category, "name": name} for index, (name, category) in enumerate(pairs)]
