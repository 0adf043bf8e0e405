"""Whether a result that a run needs is in a store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.engine.store.keys import can_be_kept, key_of_node
from yolozu.engine.store.store import CAME_FROM, Store
from yolozu.paths import store_path
from yolozu.planning.staleness import staleness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yolozu.artifacts.digest import DigestCache
    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.planning.plan import Node
    from yolozu.planning.receipt import Receipt
    from yolozu.planning.staleness import DigestOf


@dataclass(frozen=True)
class Found:
    """A result in a store.

    Attributes:
        store: where it is.
        key: under which key.
        receipt: its receipt; `ran_on` names the run that made it.
    """

    store: Store
    key: str
    receipt: Receipt

    @property
    def run(self) -> str:
        """The run that made it."""
        return self.receipt.ran_on.get(CAME_FROM, "another run")


@dataclass(frozen=True)
class Damaged:
    """A result in a store that is not what its receipt says: ``paths`` of a run, or its receipt itself."""

    store: Store
    key: str
    paths: tuple[str, ...]


def stores_for(node: Node, operations: OperationsSection) -> list[Store]:
    """Where results of ``node`` are looked for and kept, the own store first; nowhere where it cannot be or shall not.

    What names places of this machine stays out of a store that is shared with others.
    """
    if not operations.store or not can_be_kept(node):
        return []
    shared = operations.store_dir is not None and not node.stage.names_places
    return [Store(store_path()), *([Store(Path(str(operations.store_dir)))] if shared else [])]


def look_up(
    node: Node, input_digests: Mapping[str, str], stores: list[Store], cache: DigestCache
) -> tuple[Found | None, list[Damaged]]:
    """The first result in ``stores`` that stands for ``node``, and those on the way to it that are damaged.

    What stands is decided as for a result of the run's own: by `staleness`, with the digests of all its files.

    Args:
        node: the stage.
        input_digests: of what it reads, by field; a missing optional input is left out.
        stores: where to look, in this order.
        cache: known digests.

    Raises:
        OSError: a store cannot be read.
    """
    damaged: list[Damaged] = []
    key = key_of_node(node, input_digests)
    read = {path: input_digests.get(name) for name, path in node.inputs.items()}
    for store in stores:
        if not store.has(key):
            continue
        receipt = store.receipt(key)
        if receipt is None:
            damaged.append(Damaged(store, key, ("receipt.json",)))
            continue
        reasons = staleness(node, receipt, _digest_of(read, store.files(key), cache))
        if not reasons and receipt.outputs.keys() == set(node.outputs.values()):
            return Found(store, key, receipt), damaged
        if reasons and all(reason.kind == "output" for reason in reasons):
            damaged.append(Damaged(store, key, tuple(reason.subject for reason in reasons)))
    return None, damaged


def _digest_of(read: Mapping[str, str | None], files: Path, cache: DigestCache) -> DigestOf:
    """Digests of what a stage reads, as the run has it, and of what it gives, as the store has it."""

    def digest(path: str) -> str | None:
        if path in read:
            return read[path]
        return cache.path(files / path) if (files / path).exists() else None

    return digest
