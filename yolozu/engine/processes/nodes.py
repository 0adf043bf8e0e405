"""The nodes of one training, as one of them sees them: who is alive, and how everybody's processes ended."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from yolozu.engine.processes.failures import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BEAT_S = 0.5
"""How often a node says that it is there, and looks what the others say."""

GONE_AFTER_S = 20.0
"""A node that has said nothing for so long is gone."""


@dataclass(frozen=True)
class Word:
    """What a node says of itself.

    Attributes:
        beat: counts up as long as it is there.
        failures: how its processes failed; None while they run.
        asked: whether somebody has asked it to stop.
        has_heard: whether it knows how all others ended.
    """

    beat: int = 0
    failures: tuple[Failure, ...] | None = None
    asked: bool = False
    has_heard: bool = False

    def to_json(self) -> str:
        """The word as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: bytes) -> Word:
        """The word of a text."""
        found = json.loads(text)
        failures = found.pop("failures")
        return cls(failures=None if failures is None else tuple(Failure(**one) for one in failures), **found)


class Nodes:
    """All nodes, through the store that they have met in.

    A thread of its own talks to the store, because a call does not return when the machine that keeps it is switched
    off. A node whose word does not change any more is gone, and so are all others where the store itself is.

    Attributes:
        rank: number of this node, from 0; the first process is a process of node 0.
        size: how many nodes there are.
    """

    def __init__(self, store: Any, rank: int, size: int) -> None:
        """Begin to say that this node is there.

        Args:
            store: torch's, the same for all nodes.
            rank: this node's number.
            size: how many nodes there are.
        """
        self.rank, self.size = rank, size
        self._store, self._own, self._is_told = store, Word(), False
        self._words: dict[int, Word] = {}
        self._heard_at = {node: time.monotonic() for node in range(size) if node != rank}
        self._alone, self._end = False, threading.Event()
        threading.Thread(target=self._talk, daemon=True).start()

    def lost(self) -> list[int]:
        """Nodes that are gone without having said how they ended."""
        now = time.monotonic()
        silent = {node for node, at in self._heard_at.items() if self._alone or now - at > GONE_AFTER_S}
        return sorted(node for node in silent if self._words.get(node, Word()).failures is None)

    def have_failed(self) -> bool:
        """Whether another node's processes have failed, or a node is gone: nobody can go on."""
        return bool(self.lost()) or any(word.failures for word in self._words.values())

    def ends(self, failures: Sequence[Failure], *, asked: bool) -> dict[int, Word]:
        """Say how this node's processes ended, and wait for the others'; what all that are not lost said, by number.

        Nobody leaves before all have heard everything: one of them keeps the store.
        """
        self._own = replace(self._own, failures=tuple(failures), asked=asked)
        self._wait(lambda: all(self._has_ended(node) for node in self._heard_at))
        self._own = replace(self._own, has_heard=True)
        deadline = time.monotonic() + 2 * GONE_AFTER_S
        self._wait(lambda: self._all_know() or time.monotonic() > deadline)
        self._end.set()
        others = {node: word for node, word in self._words.items() if word.failures is not None}
        return dict(sorted({**others, self.rank: self._own}.items()))

    def _has_ended(self, node: int) -> bool:
        return node in self.lost() or self._words.get(node, Word()).failures is not None

    def _all_know(self) -> bool:
        """Whether nobody needs this node any more, or nobody can be told anything."""
        left = [node for node in self._heard_at if node not in self.lost()]
        return self._alone or (self._is_told and all(self._words[node].has_heard for node in left))

    def _wait(self, until: Callable[[], bool]) -> None:
        while not until():
            time.sleep(BEAT_S / 5)

    def _talk(self) -> None:
        beat = 0
        try:
            while True:
                self._exchange(beat)
                beat += 1
                if self._end.wait(BEAT_S):
                    return
        except RuntimeError:  # the store is gone, and with it the node that kept it
            return
        finally:
            self._alone = True

    def _exchange(self, beat: int) -> None:
        """Say this node's word, and hear those of the others."""
        own = replace(self._own, beat=beat)
        self._store.set(_key(self.rank), own.to_json())
        self._is_told = own.has_heard
        there = [node for node in self._heard_at if node in self._words or self._store.check([_key(node)])]
        said = self._store.multi_get([_key(node) for node in there]) if there else []
        for node, text in zip(there, said, strict=True):
            word = Word.from_json(text)
            if word != self._words.get(node):
                self._words[node], self._heard_at[node] = word, time.monotonic()


def _key(node: int) -> str:
    return f"yolozu/node/{node}"
