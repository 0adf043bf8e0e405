"""What a stage's result depends on, known before anything is built: equal in two runs, the result is the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yolozu.artifacts.digest import DigestCache, digest_of
from yolozu.contract.spec_history import comparable
from yolozu.engine.store.keys import can_be_kept
from yolozu.engine.store.prospect import found_in_store
from yolozu.paths import digest_cache_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yolozu.engine.session import Session
    from yolozu.planning.staleness import Verdict


def result_keys(session: Session) -> dict[str, str]:
    """Stage -> digest of its version, its spec, and of what its inputs are made of, or of their content.

    Two stages with equal keys have equal requests, and read equal inputs once these are built. One whose result is not
    taken from the store has a key of its own.
    """
    stored = session.loaded.contract.operations.store
    keys: dict[str, str] = {}
    made: dict[str, str] = {}
    with DigestCache(digest_cache_path()) as cache:
        for node in session.plan.nodes:
            inputs = {
                name: made[path] if path in made else session.digest(path, cache) for name, path in node.inputs.items()
            }
            keys[node.name] = digest_of(
                {
                    "stage": node.name,
                    "version": node.stage.version,
                    "spec": comparable(node.stage.spec, node.spec),
                    "inputs": inputs,
                    "outputs": node.outputs,
                    "run": None if stored and can_be_kept(node) else session.layout.run_id,
                }
            )
            made |= {path: f"{path} of {keys[node.name]}" for path in node.outputs.values()}
    return keys


@dataclass(frozen=True)
class StalePart:
    """What of several runs is not up to date.

    Attributes:
        sessions: the runs.
        stale: names ``RUN/stage`` of what would run, or be taken from another run, in order.
        twins: name of a stale stage -> name of the one before it with the same result.
        stored: names of the stale stages without a twin whose result a store has.
    """

    sessions: Sequence[Session]
    stale: tuple[str, ...]
    twins: Mapping[str, str]
    stored: frozenset[str]

    @property
    def to_run(self) -> list[str]:
        """Names of the stages that have to run themselves."""
        return [name for name in self.stale if name not in self.twins and name not in self.stored]


def stale_part(sessions: Sequence[Session]) -> StalePart:
    """What building all of ``sessions`` would do. Nothing is written."""
    stale: list[str] = []
    first: dict[str, str] = {}
    twins: dict[str, str] = {}
    verdicts = {session.layout.run_id: session.verdicts([]) for session in sessions}
    keys = {session.layout.run_id: result_keys(session) for session in sessions}
    for standing in (True, False):  # what is up to date in any run need not be built for another
        for run, found in verdicts.items():
            for verdict in found:
                name, key = f"{run}/{verdict.node.name}", keys[run][verdict.node.name]
                if verdict.stale is standing:
                    continue
                before = first.setdefault(key, name)
                if verdict.stale:
                    stale.append(name)
                    twins |= {} if before == name else {name: before}
    stored = {
        f"{session.layout.run_id}/{name}"
        for session in sessions
        for name in _stored_stages(session, verdicts[session.layout.run_id])
    }
    return StalePart(sessions, tuple(stale), twins, frozenset(stored - twins.keys()))


def _stored_stages(session: Session, verdicts: Sequence[Verdict]) -> list[str]:
    """Stale stages whose result a store has; also those that read only what the store has, or what stands."""
    operations = session.loaded.contract.operations
    made: dict[str, str | None] = {}
    unknown: set[str] = set()
    found: list[str] = []
    with DigestCache(digest_cache_path()) as cache:

        def digest(path: str) -> str | None:
            return made[path] if path in made else session.digest(path, cache)

        for node in (verdict.node for verdict in verdicts if verdict.stale):
            reads_known = unknown.isdisjoint(node.inputs.values())
            taken = found_in_store(node, operations, digest, cache) if reads_known else None
            if taken is None:
                unknown |= set(node.outputs.values())
            else:
                found.append(node.name)
                made |= taken.receipt.outputs
    return found
