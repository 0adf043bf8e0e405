"""Names that a contract may use for what yolozu or an installed package offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolozu.contract.base import Conflict
from yolozu.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yolozu.registry import Registry


def require_offered(name: str, *, key: str, kind: str, ours: Registry, others: Callable[[], Iterable[str]]) -> str:
    """``name`` itself, if there is such a thing; packages are looked at only where it is none of ours.

    Args:
        name: as the contract has it.
        key: of the contract.
        kind: what it names, in a word.
        ours: names of those that yolozu has.
        others: gives names of those that packages offer.

    Raises:
        Conflict: there is none.
    """
    if name in ours:
        return name
    known = list(dict.fromkeys([*ours, *others()]))
    if name not in known:
        guess = nearest(name, known)
        listed = ", ".join(known)
        raise Conflict(
            key,
            problem=f"there is no {kind} {name!r}, neither here nor in an installed package",
            fix=f"did you mean {guess!r}? Known: {listed}" if guess else f"choose one of {listed}, or install it",
            code="YZ104",
        )
    return name
