"""A stage's dealings with the stores: taking its result from one, waiting for who makes it, keeping it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import pretty, write_text
from yolozu.engine.failure import stopped
from yolozu.engine.lock import HeldLock, holder_of
from yolozu.engine.scratch import Scratch
from yolozu.engine.store.keys import key_of_node
from yolozu.engine.store.lookup import look_up
from yolozu.engine.store.store import CAME_FROM
from yolozu.errors import UsageError
from yolozu.paths import digest_cache_path
from yolozu.planning.begun import Begun
from yolozu.planning.plan import state_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from yolozu.engine.store.exchange import Exchange
    from yolozu.engine.store.lookup import Found
    from yolozu.engine.store.store import Store
    from yolozu.paths import RunLayout
    from yolozu.planning.plan import Node
    from yolozu.planning.receipt import Receipt
    from yolozu.progress import Stopper

LOOK_EVERY_S = 0.5
"""How soon a request to stop is heard while another builder makes the result."""


@dataclass(frozen=True)
class Turn:
    """One stage of one run that is about to be built.

    Attributes:
        node: the stage.
        layout: the run.
        input_digests: of what it reads, by field.
        stores: where its result may be, or be kept; none where the store is switched off.
        say: told what is not as usual.
        stopping: asked while it waits.
        remote: where results are fetched from that `stores` lack, and perhaps uploaded to; None for nowhere.
    """

    node: Node
    layout: RunLayout
    input_digests: dict[str, str]
    stores: list[Store]
    say: Callable[[str], None]
    stopping: Stopper
    remote: Exchange | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Fill the stage's scratch from a store where one has the result; else nobody else makes it meanwhile.

        A remote store is asked when no other one has it, by one builder at a time.

        Raises:
            Interrupted: YZ311, stopped while another builder made the result.
        """
        scratch = Scratch.of(self.layout, self.node.name)
        if not self.stores or scratch.publish_path.is_file() or self.take(scratch):
            yield
            return
        with self._alone():
            if not self.take(scratch) and self.remote is not None and self.remote.fetch(self.stores[0]):
                self.take(scratch)
            yield

    def take(self, scratch: Scratch) -> bool:
        """Bring scratch into the state of a stage that has returned what a store has; whether one has it."""
        try:
            with DigestCache(digest_cache_path(), reads_all=True) as cache:
                found, damaged = look_up(self.node, self.input_digests, self.stores, cache)
            for entry in damaged:
                place = entry.store.move_away(entry.key)
                self.say(f"{self.node.name}: {', '.join(entry.paths)} in the store is damaged: moved to {place}")
            if found is not None:
                self._fill(scratch, found)
        except OSError as error:
            self.say(f"{self.node.name}: nothing is taken from the store: {error.strerror or error}")
            return False
        return found is not None

    def keep(self, receipt: Receipt) -> None:
        """Keep what the run has now; a store that cannot be written is told of, and the run is none the worse.

        What came from a store is kept there already; a remote one may still lack it.
        """
        made_here = CAME_FROM not in receipt.ran_on
        named = replace(receipt, ran_on={CAME_FROM: self.layout.run_id, **receipt.ran_on})
        for store in self.stores if made_here else ():
            try:
                store.put(self._key, named, self.layout.root)
            except OSError as error:
                self.say(f"{self.node.name}: not kept in {store.directory}: {error.strerror or error}")
        if self.remote is not None:
            self.remote.upload(named)

    @property
    def _key(self) -> str:
        return key_of_node(self.node, self.input_digests)

    def _fill(self, scratch: Scratch, found: Found) -> None:
        """Scratch with links to a result, from one moment to the next: no try goes on in files of the store."""
        aside = Scratch(scratch.directory.with_suffix(".taken"))
        digest = state_digest(self.node.request(), self.input_digests)
        begun = Begun(aside.directory, digest, self.node.spec, self.input_digests, self.node.stage.version)
        aside.begin(self.node, begun)
        try:
            found.store.fill(found.key, found.receipt, aside.out_dir)
            write_text(aside.publish_path, pretty(asdict(found.receipt)))
            self._make_room(scratch)
            aside.directory.replace(scratch.directory)
        finally:
            aside.remove()

    def _make_room(self, scratch: Scratch) -> None:
        """Set aside what the stage could go on from under other keys; what was begun for these is not needed now."""
        begun = Begun.readable(scratch.directory)
        if begun is not None and self.node.stage.resumable and begun.differences(self.node, self.input_digests):
            place = scratch.set_aside(self.node)
            if place is not None:
                self.say(f"{self.node.name}: what was interrupted is set aside in {place}")
        scratch.remove()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until nobody else makes this result; where there are no locks, or nothing may be written, at once."""
        place = self.stores[-1].lock_path(self._key)
        lock: HeldLock | None = None
        with suppress(OSError, UsageError):  # nothing can be written, which `keep` says, or there are no locks
            lock = self._lock(place)
        try:
            yield
        finally:
            if lock is not None:
                place.unlink(missing_ok=True)
                lock.release()

    def _lock(self, place: Path) -> HeldLock:
        """The lock of this result, as soon as nobody else has it."""
        lock = _held(place, wait_s=0.0)
        if lock is None:
            self.say(f"{self.node.name}: {holder_of(place)} makes this result already; waits for it")
        while lock is None:
            if self.stopping():
                raise stopped(self.layout, self.node.name, "while another builder made its result")
            lock = _held(place, wait_s=LOOK_EVERY_S)
        return lock


def _held(place: Path, *, wait_s: float) -> HeldLock | None:
    """The lock; None where another one holds it."""
    try:
        return HeldLock(place, code="YZ340", what="this result", timeout_s=wait_s)
    except UsageError as error:
        if error.findings[0].code != "YZ340":
            raise
        return None
