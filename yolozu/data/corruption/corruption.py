"""A corruption of pictures: kind, severity and seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from yolozu.data.corruption.registry import CORRUPTIONS
from yolozu.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from yolozu.contract.sections.predict import CorruptionSection

SEVERITIES = (1, 2, 3, 4, 5)


class CorruptPicture(Protocol):
    """One kind of corruption: what `CORRUPTIONS` names."""

    def __call__(
        self, image_HW3: NDArray[np.uint8], severity: int, generator: np.random.Generator
    ) -> NDArray[np.uint8]:
        """The corrupted picture.

        Args:
            image_HW3: (H, W, 3) uint8 RGB.
            severity: 1 to 5.
            generator: of whatever is random about it.

        Returns:
            (H, W, 3) uint8 RGB.
        """
        ...


@dataclass(frozen=True)
class Corruption:
    """What is done to every picture.

    Attributes:
        kind: one of `CORRUPTIONS`.
        severity: 1 to 5.
        seed: of what is random about it.
    """

    kind: str
    severity: int
    seed: int = 0

    @classmethod
    def from_section(cls, section: CorruptionSection) -> Self | None:
        """The corruption a contract asks for; None where it asks for none."""
        if section.corruption is None:
            return None
        return cls(section.corruption, section.corruption_severity, section.corruption_seed)

    def __call__(self, image_HW3: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
        """The corrupted picture; the same image is corrupted the same way whenever it is asked for."""
        corrupt: CorruptPicture = CORRUPTIONS.load(self.kind)
        return corrupt(image_HW3, self.severity, self._generator(name))

    def describe(self) -> dict[str, Any]:
        """Kind, severity and seed."""
        return {"corruption": self.kind, "severity": self.severity, "seed": self.seed}

    def _generator(self, name: str) -> np.random.Generator:
        """Random numbers of one image: of its name, not of its place, so that a subset is corrupted alike."""
        digest = hashlib.sha256(f"{self.kind}\n{name}".encode()).digest()
        return np.random.default_rng([self.seed, self.severity, *digest])


def corruption_of(kind: str, severity: int, seed: int = 0) -> Corruption:
    """The corruption of that name.

    Raises:
        UsageError: YZ901 there is no such kind, YZ280 no such severity.
    """
    CORRUPTIONS.location(kind)
    if severity not in SEVERITIES:
        raise UsageError.one(
            "YZ280",
            where=f"corruption {kind!r}",
            problem=f"has no severity {severity}",
            fix="choose one from 1 to 5",
        )
    return Corruption(kind, severity, seed)
