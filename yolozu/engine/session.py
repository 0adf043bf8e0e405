"""One run, resolved: its contract, its plan, and the files the planner writes for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import pretty, write_text_if_changed
from yolozu.artifacts.spec import Change
from yolozu.contract.loader import LoadedContract, contract_digest, load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.show import to_yaml
from yolozu.contract.text.node import Origin
from yolozu.data.fingerprint import fingerprint, used_files
from yolozu.data.moved import Moved
from yolozu.engine.external_inputs import (
    background_files,
    background_pictures,
    initial_weights,
    moved_data,
    predicting_files,
    scenario_setting_values,
    told_by_file,
    what_predicts,
    with_newer,
)
from yolozu.engine.orphans import check_places, orphan_lines, orphan_texts, orphans
from yolozu.engine.run_names import check_new_run
from yolozu.engine.run_overrides import RunOverrides, hidden_lines, shown
from yolozu.errors import ContractError, UsageError
from yolozu.paths import RunLayout, check_run_id, digest_cache_path
from yolozu.planning.begun import Begun, set_aside
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.planning.plan import Node, Plan
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import Reason, Verdict, judge, location_changes, own_reasons
from yolozu.stages.base import Stage


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
    """

    layout: RunLayout
    loaded: LoadedContract
    plan: Plan
    texts: dict[str, str]
    headline: str
    before: RunOverrides
    remembered: RunOverrides

    def write_plan(self) -> None:
        """Write requests and the like; an unchanged file keeps its modification time."""
        for path, text in self.texts.items():
            write_text_if_changed(self.layout.root / path, text)

    def forget_refused(self) -> list[str]:
        """After a refused command: remember its overrides only where lasting work was done with them.

        Returns:
            Those that are not remembered, as they were typed.
        """
        lasting = [node.name for node in self.plan.nodes if node.stage.resumable and self._lasts(node)]
        nodes = self.plan.needed_for(lasting) if lasting else ()
        taken = {key for node in nodes for section in node.spec.values() for key in section}
        stays = self.remembered.after_refusal(self.before, taken)
        write_text_if_changed(self.layout.overrides_path, stays.text())
        return sorted(
            f"{key}={shown(value)}"
            for key, value in self.remembered.overrides.items()
            if key not in stays.overrides or stays.overrides[key] != value
        )

    def _lasts(self, node: Node) -> bool:
        """Whether a resumable stage's result, or its unfinished work, is what the session asks for."""
        if self.unfinished(node) is not None:
            return True
        with DigestCache(digest_cache_path()) as cache:
            return not own_reasons(node, self.layout, lambda path: self.digest(path, cache))

    def unfinished(self, node: Node) -> Begun | None:
        """Work of a resumable stage that was stopped or killed, and that it would go on from now."""
        begun = Begun.readable(self.layout.scratch_dir(node.name)) if node.stage.resumable else None
        if begun is None or not begun.has_saved(node):
            return None
        return begun if begun.obstacle(node, self._inputs(node)) is None else None

    def _inputs(self, node: Node) -> dict[str, str | None]:
        with DigestCache(digest_cache_path()) as cache:
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
        with DigestCache(digest_cache_path()) as cache:
            found = judge(self.plan, names, self.layout, lambda path: self.digest(path, cache))
            return [replace(verdict, reasons=self._told(verdict.node, verdict.reasons, cache)) for verdict in found]

    def own_reasons(self, node: Node) -> tuple[Reason, ...]:
        """Why ``node`` has to run as things are now, whatever stands before it."""
        with DigestCache(digest_cache_path()) as cache:
            return self._told(node, own_reasons(node, self.layout, lambda path: self.digest(path, cache)), cache)

    def _told(self, node: Node, reasons: tuple[Reason, ...], cache: DigestCache) -> tuple[Reason, ...]:
        layout, data = self.layout, self.loaded.contract.dataset
        grounds = self.loaded.contract.augment.paste_backgrounds
        setting = self.loaded.contract.scenarios.scenarios
        receipt = Receipt.readable(layout.receipt_path(node.name))
        moved = () if receipt is None else location_changes(node, receipt)
        for path, named, *keys in (
            (layout.init_path, self.loaded.contract.init.init_from, "init_from"),
            (layout.backgrounds_path, grounds, "paste_backgrounds"),
            (layout.scenario_setting_path, setting, "scenarios"),
            (layout.given_path, what_predicts(self.loaded), "adapter", "predictions"),
            (layout.fingerprint_path, data.dataset_root, "dataset_root", "split", "val_split", "predict_split"),
        ):
            reasons = told_by_file(reasons, path.relative_to(layout.root).as_posix(), named, *keys, moved=moved)
        if receipt is None:
            return reasons
        reasons = with_newer(reasons, data.dataset_root, lambda: used_files(data, cache), receipt.started_at)
        if grounds is not None:
            reasons = with_newer(reasons, grounds, lambda: background_files(Path(grounds)), receipt.started_at)
        return reasons

    def digest(self, path: str, cache: DigestCache) -> str | None:
        """Digest of a file of the run as it is now, or as the planner would write it; None when there is none."""
        if path in self.texts:
            return _text_digest(self.texts[path])
        full = self.layout.root / path
        return cache.path(full) if full.exists() else None


def open_session(
    *,
    config: str | None,
    run_id: str | None,
    run_dir: str | None = None,
    given: Sequence[Override],
    default_config: str | None,
    forget: Sequence[str] = (),
    argv: Sequence[str],
    strict: bool = True,
    may_begin: bool = True,
    stages: Sequence[Stage] | None = None,
) -> Session:
    """The run that a command line means.

    Args:
        config: contract file; None takes the remembered one, then ``default_config``.
        run_id: name of the run; None takes the contract's own, then the UTC time.
        run_dir: directory of the run, whose last component is its name; None takes the one of its name in ``runs/``.
        given: overrides of this command line.
        default_config: contract file where none was ever given; None allows none.
        forget: keys whose remembered override is dropped.
        argv: the command line, for the record.
        strict: strict mode whatever the contract says, unless the run began without.
        may_begin: whether ``run_id`` may name a run that is not there; asking about one is a slip.
        stages: the graph's stages; None takes the registry's.

    Raises:
        YolozuError: the contract, the data set or what is remembered cannot be used.
    """
    if run_dir is None:
        layout = RunLayout.of(_run_id(config, run_id, given, default_config, strict=strict))
    else:
        layout = _own_directory(run_dir, run_id)
    before = RunOverrides.read(layout)
    remembered, here = before.with_strict(asked=strict), Path.cwd()
    if forget:
        remembered = remembered.forget(forget)
    base = remembered.base(layout)
    remembered = remembered.rebased(base, here)
    known = config is not None or remembered.config is not None
    said: list[str] = []
    if not known and (run_id is not None or run_dir is not None):
        said = check_new_run(layout, default_config=default_config, given=given, may_begin=may_begin)
    remembered = remembered.with_given(config if known else default_config, given)
    loaded = _named(_loaded(remembered, given, base=None if config is not None else base), layout)
    if config is not None:
        base = here
    with DigestCache(digest_cache_path()) as cache:
        data = fingerprint(loaded.contract.dataset, cache)
    chosen = registered_stages() if stages is None else stages
    plan = compile_plan(loaded.contract, chosen)
    moved = moved_data(layout, plan, data)
    if moved is not None:
        dataset = loaded.contract.dataset.model_copy(update={"dataset_root": moved.then})
        plan = compile_plan(loaded.contract.model_copy(update={"dataset": dataset}), chosen)
        data = {**data, "dataset_root": moved.then}
    check_places(layout, plan)
    left = orphans(layout, plan)
    texts = _planned_texts(layout, loaded, plan, argv, data=data, moved=moved)
    stored = remembered.rebased(here, base).in_directory(base, layout)
    texts |= {layout.overrides_path.relative_to(layout.root).as_posix(): stored.text(), **orphan_texts(layout, left)}
    said += hidden_lines(loaded, given)
    headline = "\n".join([remembered.headline(layout.run_id, given), *said, *orphan_lines(left)])
    return Session(layout, loaded, plan, texts, headline, before, stored)


def _loaded(remembered: RunOverrides, given: Sequence[Override], *, base: Path | None) -> LoadedContract:
    """The contract as files and overrides say it together.

    Args:
        remembered: the file, and all overrides.
        given: those that were given just now.
        base: directory that the paths in a remembered file are relative to; None where the file was named just now.
    """
    path = None if remembered.config is None else Path(remembered.config)
    if base is not None and path is not None and not path.exists() and remembered.directory is not None:
        raise ContractError.one(
            "YZ101",
            where=str(path),
            problem=f"no such file; the run remembers it from {remembered.directory}",
            fix="put it back there, or name the run's contract: config=FILE",
        )
    strict = remembered.strict is True
    return load_contract(path, remembered.as_overrides(given), strict=strict, base=base)


def _run_id(
    config: str | None, run_id: str | None, given: Sequence[Override], default_config: str | None, *, strict: bool
) -> str:
    if run_id is not None:
        return check_run_id(run_id, where=f"run_id={run_id}")
    path = config if config is not None else default_config
    found = load_contract(Path(path) if path is not None else None, given, strict=strict).contract.run.run_id
    return found if found is not None else datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def _own_directory(run_dir: str, run_id: str | None) -> RunLayout:
    """The run in ``run_dir``; a directory with other things in it is left alone."""
    layout = RunLayout.at(run_dir)
    if run_id not in (None, layout.run_id):
        raise UsageError.one(
            "YZ319",
            where=f"run_dir={run_dir}",
            problem=f"names the run {layout.run_id!r}, but run_id={run_id} says otherwise",
            fix=f"leave run_id out, or let run_dir end in {run_id}",
        )
    root = layout.root
    if root.exists() and not layout.plan_dir.is_dir() and not (root.is_dir() and next(root.iterdir(), None) is None):
        raise UsageError.one(
            "YZ320",
            where=f"run_dir={run_dir}",
            problem="holds other things than a run",
            fix="name a new or empty directory, or one that a run was built in",
        )
    return layout


def _named(loaded: LoadedContract, layout: RunLayout) -> LoadedContract:
    """The contract as that of the run it is used for, whatever name it has itself."""
    if loaded.contract.run.run_id == layout.run_id:
        return loaded
    run = loaded.contract.run.model_copy(update={"run_id": layout.run_id})
    source = {**loaded.source, "run_id": Origin(1, "", 0, layout.word)}
    return replace(loaded, contract=loaded.contract.model_copy(update={"run": run}), source=source)


def _planned_texts(
    layout: RunLayout,
    loaded: LoadedContract,
    plan: Plan,
    argv: Sequence[str],
    *,
    data: dict[str, Any],
    moved: Moved | None,
) -> dict[str, str]:
    def relative(path: Path) -> str:
        return path.relative_to(layout.root).as_posix()

    with DigestCache(digest_cache_path()) as cache:
        given, weights = predicting_files(loaded, cache), initial_weights(loaded, cache)
        backgrounds = background_pictures(loaded, cache)
    provenance = {
        "contract_digest": contract_digest(loaded.contract),
        "dataset_digest": data["digest"],
        "argv": list(argv),
        "cwd": str(Path.cwd()),
    }
    operations = {"operations": loaded.contract.operations.model_dump(mode="json"), "provenance": provenance}
    if moved is not None:
        operations["moved"] = asdict(moved)
    texts = {relative(layout.request_path(node.name)): pretty(node.request()) for node in plan.nodes}
    texts[relative(layout.fingerprint_path)] = pretty(data)
    texts[relative(layout.given_path)] = pretty(given)
    texts[relative(layout.init_path)] = pretty(weights)
    texts[relative(layout.backgrounds_path)] = pretty(backgrounds)
    setting = scenario_setting_values(loaded)
    if setting is not None:
        texts[relative(layout.scenario_setting_path)] = pretty(setting)
    texts[relative(layout.operations_path)] = pretty(operations)
    texts["reports/config_resolved.yaml"] = to_yaml(loaded)
    return texts


def _text_digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8")).hexdigest()
