"""From the names of another code base's modules to those of this detector."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor


@dataclass(frozen=True)
class Renamed:
    """A state dict under new names.

    Attributes:
        tensors: new name -> tensor.
        unknown: names that no rule covers, in the file's order.
        contradictory: names that mean a tensor which another name has already given otherwise.
    """

    tensors: dict[str, Tensor]
    unknown: tuple[str, ...]
    contradictory: tuple[str, ...]


class Renaming:
    """Rules from one module's name to another's; what comes behind the module (``.weight``) stays.

    A ``*`` stands for a number and is the same on both sides, from left to right. The first rule that fits counts, so
    a rule for a part of a module stands before the rule for the rest of it.
    """

    def __init__(self, rules: Mapping[str, str]) -> None:
        self._rules = [(_pattern(old), _replacement(new)) for old, new in rules.items()]

    def new_name(self, name: str) -> str | None:
        """The new name; None when no rule covers the old one."""
        for pattern, replacement in self._rules:
            if pattern.match(name):
                return pattern.sub(replacement, name)
        return None

    def apply(self, tensors: Iterable[tuple[str, Tensor]]) -> Renamed:
        """All ``tensors`` under their new names. Two names for one tensor are fine when both hold the same numbers."""
        renamed: dict[str, Tensor] = {}
        unknown, contradictory = [], []
        for name, tensor in tensors:
            new = self.new_name(name)
            if new is None:
                unknown.append(name)
            elif new in renamed and not _equal(renamed[new], tensor):
                contradictory.append(name)
            else:
                renamed[new] = tensor
        return Renamed(renamed, tuple(unknown), tuple(contradictory))


def _pattern(module: str) -> re.Pattern[str]:
    return re.compile("^" + re.escape(module).replace(r"\*", r"(\d+)") + r"(?=\.)")


def _replacement(module: str) -> str:
    parts = module.split("*")
    numbered = [f"{part}\\g<{place}>" for place, part in enumerate(parts[:-1], start=1)]
    return "".join([*numbered, parts[-1]])


def _equal(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and first.dtype == second.dtype and bool((first == second).all())
