"""What two contracts resolve to differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.contract.sections.run import section_of_key
from yolozu.contract.show import Row, rows

if TYPE_CHECKING:
    from yolozu.contract.loader import LoadedContract


@dataclass(frozen=True)
class KeyDifference:
    """One key whose resolved value differs.

    Attributes:
        key: dotted key.
        section: name of the section that holds it; stages declare which sections they read.
        before: value and origin in the first contract.
        after: value and origin in the second contract.
    """

    key: str
    section: str
    before: Row
    after: Row


def differences(before: LoadedContract, after: LoadedContract) -> list[KeyDifference]:
    """Keys that resolve to different values, in the order of the contract."""
    owner = section_of_key()
    pairs = zip(rows(before), rows(after), strict=True)
    return [
        KeyDifference(old.key, owner[old.key.partition(".")[0]], old, new)
        for old, new in pairs
        if old.value != new.value
    ]
