"""What a plan says of a stage whose result is in the store."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from yolozu.engine.store.lookup import look_up, stores_for
from yolozu.planning.staleness import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yolozu.artifacts.digest import DigestCache
    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.store.lookup import Found
    from yolozu.planning.plan import Node
    from yolozu.planning.staleness import DigestOf

IN_STORE = "is in the store"


def found_in_store(node: Node, operations: OperationsSection, digest: DigestOf, cache: DigestCache) -> Found | None:
    """What a store has for a stage whose inputs are all there; None for nothing."""
    inputs = {name: digest(path) for name, path in node.inputs.items()}
    known = {name: found for name, found in inputs.items() if found is not None}
    if inputs.keys() - known.keys() - node.optional_inputs:
        return None
    with suppress(OSError):  # a store that cannot be read has nothing
        return look_up(node, known, stores_for(node, operations), cache)[0]
    return None


def with_store(
    reasons: tuple[Reason, ...], node: Node, operations: OperationsSection, digest: DigestOf, cache: DigestCache
) -> tuple[Reason, ...]:
    """``reasons`` why a stage runs, and that its result would be taken from a store, where one has it.

    Nothing then goes on from earlier work, so that is not said; what is set aside still is.
    """
    if not reasons or any(reason.kind == "unreadable" for reason in reasons):
        return reasons
    found = found_in_store(node, operations, digest, cache)
    if found is None:
        return reasons
    others = tuple(reason for reason in reasons if reason.kind != "prospect" or reason.because)
    return (in_store(found), *others)


def in_store(found: Found) -> Reason:
    """That a result is in the store, and of which run."""
    return Reason("prospect", f"{IN_STORE} ({found.run})")


def is_in_store(reasons: Iterable[Reason]) -> bool:
    """Whether that is among the ``reasons`` that are told of a stage."""
    return any(reason.kind == "prospect" and reason.subject.startswith(f"{IN_STORE} (") for reason in reasons)
