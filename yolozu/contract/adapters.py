"""Adapters that installed packages offer, known by name: none of them is imported."""

from __future__ import annotations

from dataclasses import dataclass

from yolozu.contract.offered import require_offered
from yolozu.predict.adapters.registry import ADAPTERS

ENTRY_POINTS = "yolozu.adapters"
"""Entry point group in which packages name their adapters, as ``name = "module:Class"``."""


@dataclass(frozen=True)
class OfferedAdapter:
    """An adapter of an installed package.

    Attributes:
        name: what contracts and command lines call it.
        location: where its code lives, as ``module:attribute``.
        package: the package that offers it.
        version: of that package.
    """

    name: str
    location: str
    package: str
    version: str


def offered_adapters() -> list[OfferedAdapter]:
    """What the packages installed beside yolozu offer."""
    from importlib.metadata import entry_points

    found = []
    for entry in entry_points(group=ENTRY_POINTS):
        assert entry.dist is not None, "entry points come from packages"
        found.append(OfferedAdapter(entry.name, entry.value, entry.dist.name, entry.dist.version))
    return found


def offered_adapter(name: str) -> OfferedAdapter | None:
    """The adapter ``name`` of an installed package; None for one of ours, which nobody can replace."""
    if name in ADAPTERS:
        return None
    return next((offered for offered in offered_adapters() if offered.name == name), None)


def require_known_adapter(name: str) -> str:
    """``name`` itself, if there is such an adapter; packages are looked at only where it is none of ours.

    Raises:
        Conflict: there is none.
    """
    return require_offered(
        name, key="adapter", kind="adapter", ours=ADAPTERS, others=lambda: [one.name for one in offered_adapters()]
    )
