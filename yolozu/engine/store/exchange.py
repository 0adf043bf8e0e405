"""A stage's dealings with a remote store. Whatever is wrong there is told, once, and the stage is built."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from yolozu.engine.failure import stopped
from yolozu.engine.store.file_system import RemoteError
from yolozu.engine.store.keys import can_be_kept, key_of_node
from yolozu.engine.store.remote import DamagedRemote, RemoteStore, Stopped
from yolozu.engine.store.size import size_in_words
from yolozu.errors import InputError
from yolozu.planning.staleness import staleness

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yolozu.contract.sections.operations import OperationsSection
    from yolozu.engine.store.record import RemoteRecord
    from yolozu.engine.store.store import Store
    from yolozu.paths import RunLayout
    from yolozu.planning.plan import Node
    from yolozu.planning.receipt import Receipt
    from yolozu.progress import Stopper


def remote_url(node: Node, operations: OperationsSection) -> str | None:
    """The remote store in which results of ``node`` are looked for; None for none.

    What names places of this machine is of no use on another one.
    """
    if not operations.store or node.stage.names_places or not can_be_kept(node):
        return None
    return operations.store_remote


def stands(node: Node, input_digests: Mapping[str, str], receipt: Receipt) -> bool:
    """Whether a result is of this very stage, decided as for one of the run's own before any of it is fetched."""
    read = {path: input_digests.get(name) for name, path in node.inputs.items()}
    reasons = staleness(node, receipt, {**receipt.outputs, **read}.get)
    return not reasons and receipt.outputs.keys() == set(node.outputs.values())


def forget_trouble(layout: RunLayout) -> None:
    """A new build tries the remote store again."""
    layout.remote_trouble_path.unlink(missing_ok=True)


@dataclass
class Exchange:
    """What one stage of one run fetches and uploads.

    Workers of a build are processes of their own: a file of the run tells the later ones that the store could not be
    reached, so that one line is said and one wait is waited in a build.

    Attributes:
        node: the stage.
        layout: the run.
        input_digests: of what it reads, by field.
        url: of the remote store.
        may_write: whether results are uploaded.
        say: told what is not as usual.
        stopping: asked between blocks.
        damaged: whether the result there is, so that it is uploaded anew.
    """

    node: Node
    layout: RunLayout
    input_digests: Mapping[str, str]
    url: str
    may_write: bool
    say: Callable[[str], None]
    stopping: Stopper
    damaged: bool = False

    @cached_property
    def _store(self) -> RemoteStore:
        return RemoteStore(self.url)

    @cached_property
    def _key(self) -> str:
        return key_of_node(self.node, self.input_digests)

    def look(self) -> RemoteRecord | None:
        """The record of a result that stands for the stage; None where there is none, or no way to it."""
        if self._is_given_up:
            return None
        try:
            record = self._store.record(self._key)
            empty = record is None and not self.may_write and not self._store.is_there()
        except InputError as error:
            self._tell_damage(error.findings[0].problem)
            return None
        except RemoteError as error:
            self._give_up(str(error))
            return None
        if empty:
            self._give_up("there is no such place, or nothing in it")
        return record if record is not None and stands(self.node, self.input_digests, record.receipt) else None

    def fetch(self, store: Store) -> bool:
        """Put the stage's result into ``store`` where the remote one has it; whether it is there now.

        Raises:
            Interrupted: YZ311, stopped meanwhile.
        """
        record = self.look()
        if record is None:
            return False
        began = time.monotonic()
        try:
            self._store.fetch(self._key, record, store, self.stopping)
        except DamagedRemote as error:
            self._tell_damage(str(error))
            return False
        except RemoteError as error:
            self._give_up(str(error))
            return False
        except OSError as error:
            self.say(f"{self.node.name}: not fetched from {self.url}: {error.strerror or error}")
            return False
        except Stopped:
            raise stopped(self.layout, self.node.name, "while its result was fetched") from None
        seconds = time.monotonic() - began
        self.say(f"{self.node.name}: fetched from {self.url}: {size_in_words(record.size)} in {seconds:.1f} s")
        return True

    def upload(self, receipt: Receipt) -> None:
        """Upload what the run has now, where that is allowed and the remote store lacks it."""
        if not self.may_write or self._is_given_up:
            return
        try:
            if not self.damaged and self._has_record():
                return
            self._store.upload(self._key, receipt, self.layout.root, self.stopping, anew=self.damaged)
        except (RemoteError, FileNotFoundError) as error:
            self._give_up(f"not uploaded: {error}")
        except OSError as error:
            self.say(f"{self.node.name}: not uploaded to {self.url}: {error.strerror or error}")
        except Stopped:
            self.say(f"{self.node.name}: not uploaded to {self.url}: stopped on request")

    def _has_record(self) -> bool:
        try:
            return self._store.record(self._key) is not None
        except InputError:
            return False

    def _tell_damage(self, problem: str) -> None:
        self.damaged = True
        name = self._store.record_name(self._key)
        self.say(f"{self.node.name}: {self.url}/{name}: YZ745 the result there is damaged, and not used: {problem}")

    @property
    def _is_given_up(self) -> bool:
        return self.layout.remote_trouble_path.exists()

    def _give_up(self, problem: str) -> None:
        with suppress(FileExistsError), self.layout.remote_trouble_path.open("x", encoding="utf-8") as file:
            self.say(f"{self.url}: warning: YZ743 the remote store is not used in this build: {problem}")
            file.write(f"{self.url}: {problem}\n")


def exchange_for(
    node: Node,
    layout: RunLayout,
    input_digests: Mapping[str, str],
    operations: OperationsSection,
    *,
    say: Callable[[str], None],
    stopping: Stopper,
) -> Exchange | None:
    """The exchange that a contract asks for; None where there is no remote store for the stage."""
    url, may_write = remote_url(node, operations), operations.store_remote_write
    return None if url is None else Exchange(node, layout, input_digests, url, may_write, say, stopping)
