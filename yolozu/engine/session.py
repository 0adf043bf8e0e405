"""One run, resolved: its contract, its plan, the files the planner writes for it, and what building it would do."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from yolozu.artifacts.digest import DigestCache, UnseenChange
from yolozu.artifacts.jsonio import write_text_if_changed
from yolozu.artifacts.listing import FileSet
from yolozu.artifacts.spec import Change
from yolozu.contract.loader import LoadedContract
from yolozu.engine.external_inputs import (
    background_files,
    named_by_file,
    what_predicts,
    with_newer,
)
from yolozu.engine.run_overrides import RunOverrides
from yolozu.engine.store.exchange import exchange_for
from yolozu.engine.store.prospect import found_in_store, is_in_store, with_store
from yolozu.paths import RunLayout, digest_cache_path
from yolozu.planning.begun import Begun, set_aside
from yolozu.planning.plan import Node, Plan
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import DigestOf, Reason, Verdict, judge, location_changes, own_reasons


@dataclass(frozen=True)
class Session:
    """A run and what is asked of it. Opening one writes nothing.

    Attributes:
        layout: where the run lives.
        loaded: the contract with the origin of every key.
        plan: the graph.
        texts: path relative to the run directory -> text of what the planner writes (requests, fingerprint, …).
        headline: the run, its contract file and its overrides, in a line; then that it is new, and a line for each
            leftover.
        before: what the run remembered of earlier commands.
        remembered: what it will remember.
        data_files: those of the data set, as they were looked at when the session was opened.
        read_by: holds the digests of all that was read for it, where it is paranoid; else None.
    """

    layout: RunLayout
    loaded: LoadedContract
    plan: Plan
    texts: dict[str, str]
    headline: str
    before: RunOverrides
    remembered: RunOverrides
    data_files: FileSet
    read_by: DigestCache | None = None

    def digests(self) -> DigestCache:
        """Known digests, to be used as a context; a paranoid session knows what it has read itself."""
        return DigestCache(digest_cache_path()) if self.read_by is None else self.read_by

    def write_plan(self) -> None:
        """Write requests and the like; an unchanged file keeps its modification time."""
        for path, text in self.texts.items():
            write_text_if_changed(self.layout.root / path, text)

    def unfinished(self, node: Node) -> Begun | None:
        """Work of a resumable stage that was stopped or killed, and that it would go on from now."""
        begun = Begun.readable(self.layout.scratch_dir(node.name)) if node.stage.resumable else None
        if begun is None or not begun.has_saved(node):
            return None
        return begun if begun.obstacle(node, self._inputs(node)) is None else None

    def _inputs(self, node: Node) -> dict[str, str | None]:
        with self.digests() as cache:
            return {name: self.digest(path, cache) for name, path in node.inputs.items()}

    def set_aside(self, node: Node) -> list[tuple[Begun, list[Change]]]:
        """Unfinished work of a stage that it does not go on from now, and in what it is not what is asked for."""
        inputs, scratch = self._inputs(node), self.layout.scratch_dir(node.name)
        works = (Begun.readable(place) for place in (scratch, *set_aside(scratch)) if node.stage.resumable)
        found = [work for work in works if work is not None and work.has_saved(node)]
        return [(work, work.differences(node, inputs)) for work in found if work.obstacle(node, inputs) is not None]

    def origin(self, key: str) -> str | None:
        """Where a key of the contract was set: ``exp.yaml:12``, ``lr=0.1``; None for a default."""
        origin = self.loaded.origin_of(key)
        return None if origin == "default" else origin

    def verdicts(self, names: list[str]) -> list[Verdict]:
        """What building ``names`` would do now; all stages when empty."""
        with self.digests() as cache:
            found = judge(self.plan, names, self.layout, lambda path: self.digest(path, cache))
            return [replace(verdict, reasons=self._told(verdict.node, verdict.reasons, cache)) for verdict in found]

    def foreseen(self, names: list[str]) -> list[Verdict]:
        """What building ``names`` would do, as far as it can be told: like `verdicts`, and beyond results of the store.

        Where all that a stage reads anew is taken from the store, its content is known, and so is what becomes of the
        stage itself.
        """
        verdicts = self.verdicts(names)
        if not any(is_in_store(verdict.reasons) for verdict in verdicts):
            return verdicts
        taken: dict[str, str | None] = {}
        certain: dict[str, bool] = {}
        with self.digests() as cache:

            def digest(path: str) -> str | None:
                return taken[path] if path in taken else self.digest(path, cache)

            for place, (node, reasons) in enumerate([(verdict.node, verdict.reasons) for verdict in verdicts]):
                behind = {reason.subject for reason in reasons if reason.kind == "upstream"}
                if behind and all(certain[name] for name in behind):
                    verdicts[place] = Verdict(node, self._told_as_read(node, digest, cache))
                found = None
                if is_in_store(verdicts[place].reasons):
                    found = found_in_store(node, self.loaded.contract.operations, digest, cache)
                taken |= {} if found is None else found.receipt.outputs
                certain[node.name] = found is not None or not verdicts[place].stale
        return verdicts

    def _told_as_read(self, node: Node, digest: DigestOf, cache: DigestCache) -> tuple[Reason, ...]:
        reasons = self._explained(node, own_reasons(node, self.layout, digest))
        return with_store(reasons, node, self.loaded.contract.operations, digest, cache)

    def own_reasons(self, node: Node) -> tuple[Reason, ...]:
        """Why ``node`` has to run as things are now, whatever stands before it."""
        with self.digests() as cache:
            return self._told(node, own_reasons(node, self.layout, lambda path: self.digest(path, cache)), cache)

    def is_in_store(self, node: Node, say: Callable[[str], None]) -> bool:
        """Whether the result of ``node`` need only be taken from a store; a remote one is asked, too."""
        if self.is_in_own_store(node):
            return True
        operations = self.loaded.contract.operations
        inputs = {name: digest for name, digest in self._inputs(node).items() if digest is not None}
        remote = exchange_for(node, self.layout, inputs, operations, say=say, stopping=lambda: False)
        return remote is not None and remote.look() is not None

    def is_in_own_store(self, node: Node) -> bool:
        """Whether it need only be taken from a store that this machine reads as its files."""
        with self.digests() as cache:
            operations = self.loaded.contract.operations
            return found_in_store(node, operations, lambda path: self.digest(path, cache), cache) is not None

    def _told(self, node: Node, reasons: tuple[Reason, ...], cache: DigestCache) -> tuple[Reason, ...]:
        """Reasons with what is behind them and, where nothing before the stage may change yet, what the store has."""
        told = self._explained(node, reasons)
        if any(reason.kind == "upstream" for reason in told):
            return told
        return with_store(told, node, self.loaded.contract.operations, lambda path: self.digest(path, cache), cache)

    def _explained(self, node: Node, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
        layout, data = self.layout, self.loaded.contract.dataset
        if self.read_by is not None:
            reasons = tuple(self._with_digests(reason) for reason in reasons)
        grounds = self.loaded.contract.augment.paste_backgrounds
        setting = self.loaded.contract.scenarios.scenarios
        receipt = Receipt.readable(layout.receipt_path(node.name))
        moved = () if receipt is None else location_changes(node, receipt)
        for path, named, *keys in (
            (layout.init_path, self.loaded.contract.init.init_from, "init_from"),
            (layout.backgrounds_path, grounds, "paste_backgrounds"),
            (layout.earlier_path, _earlier(self.loaded), "continual_from", "self_distill_from", "derpp_teacher_key"),
            (layout.earlier_tasks_path, self.loaded.contract.continual.continual_from, "continual_from"),
            (layout.scenario_setting_path, setting, "scenarios"),
            (layout.given_path, what_predicts(self.loaded), "adapter", "predictions"),
            (layout.fingerprint_path, data.dataset_root, "dataset_root", "split", "val_split", "predict_split"),
        ):
            reasons = named_by_file(reasons, path.relative_to(layout.root).as_posix(), named, *keys, moved=moved)
        if self.read_by is not None:
            reasons = tuple(self._with_unseen(reason, self.read_by.unseen) for reason in reasons)
        if receipt is None:
            return reasons
        reasons = with_newer(reasons, data.dataset_root, self.data_files.paths, receipt.started_at)
        if grounds is not None:
            reasons = with_newer(reasons, grounds, lambda: background_files(Path(grounds)), receipt.started_at)
        return reasons

    def _with_digests(self, reason: Reason) -> Reason:
        """Of files that stages give; what the planner writes of others is nobody's file."""
        given = reason.kind in ("input", "output") and reason.subject not in self.texts
        return replace(reason, tells_digests=True) if given else reason

    def _with_unseen(self, reason: Reason, changes: Sequence[UnseenChange]) -> Reason:
        """With the files behind it whose change neither size nor time shows."""
        if reason.kind not in ("input", "output") or not changes:
            return reason
        root = self.layout.root if (self.layout.root / reason.subject).exists() else Path()
        place = Path(os.path.abspath(root / reason.subject))  # noqa: PTH100 - it takes out the dots
        below = [change for change in changes if Path(change.path).is_relative_to(place)]
        return replace(reason, unseen=tuple(below))

    def digest(self, path: str, cache: DigestCache) -> str | None:
        """Digest of a file of the run as it is now, or as the planner would write it; None when there is none."""
        if path in self.texts:
            return _text_digest(self.texts[path])
        full = self.layout.root / path
        return cache.path(full) if full.exists() else None


def _earlier(loaded: LoadedContract) -> str | None:
    """The earlier run or file that training uses, as the contract names it, and under which key."""
    continual, distillation = loaded.contract.continual, loaded.contract.distillation
    named = {"self_distill_from": distillation.self_distill_from, "continual_from": continual.continual_from}
    return next((f"{key}: {value}" for key, value in named.items() if value is not None), None)


def _text_digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8")).hexdigest()
