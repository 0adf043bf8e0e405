"""The run that a command line means: its contract, what it remembers, its data set, its plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from yolozu.artifacts.digest import DigestCache
from yolozu.contract.loader import LoadedContract, load_contract
from yolozu.contract.overrides import Override
from yolozu.contract.text.node import Origin
from yolozu.data.fingerprint import DataFiles, look_at_data
from yolozu.engine.external_inputs import (
    moved_data,
)
from yolozu.engine.orphans import check_places, orphan_lines, orphan_texts, orphans
from yolozu.engine.planned_texts import planned_texts
from yolozu.engine.run_names import check_new_run
from yolozu.engine.run_overrides import RunOverrides, hidden_lines
from yolozu.engine.session import Session
from yolozu.errors import ContractError, UsageError
from yolozu.paths import RunLayout, check_run_id, digest_cache_path
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.progress import Progress
from yolozu.stages.base import Stage

LookAtData = Callable[[str, list[str], DigestCache], DataFiles]
"""`look_at_data`, or one that remembers."""


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
    checks_name: bool = True,
    stages: Sequence[Stage] | None = None,
    progress: Callable[[], Progress] | None = None,
    look_at: LookAtData = look_at_data,
    paranoid: bool = False,
) -> Session:
    """The run that a command line means.

    Args:
        config: contract file; None takes the remembered one, then ``default_config``.
        run_id: name of the run; None takes the contract's own, then the UTC time.
        run_dir: directory of the run, whose last component is its name; None takes the one of its name in ``runs/``.
        given: overrides of this command line.
        default_config: contract file where none was ever given; None means the contract's defaults alone, which spell
            every key: nothing need be spelled by hand.
        forget: keys whose remembered override is dropped.
        argv: the command line, for the record.
        strict: strict mode whatever the contract says, unless the run began without.
        may_begin: whether ``run_id`` may name a run that is not there; asking about one is a slip.
        checks_name: whether a new run's name may be a slip for that of another; not where a file names it.
        stages: the graph's stages; None takes the registry's.
        progress: gives where a long look at the data is shown; None shows nothing.
        look_at: looks at the data set; for several runs at once, one that remembers.
        paranoid: read every file of the run and of its data once, whatever size and time say.

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
    known = config is not None or layout.overrides_path.is_file()
    if not known and default_config is None:
        remembered = remembered.with_strict(asked=False)
    lines: list[str] = []
    if not known and checks_name and (run_id is not None or run_dir is not None):
        lines = check_new_run(layout, default_config=default_config, given=given, may_begin=may_begin)
    remembered = remembered.with_given(config if known else default_config, given)
    loaded = _named(_loaded(remembered, given, base=None if config is not None else base), layout)
    if config is not None:
        base = here
    reading = DigestCache(digest_cache_path(), progress, reads_all=paranoid)
    with reading as cache:
        dataset = loaded.contract.dataset
        seen = look_at(dataset.dataset_root, dataset.used_splits, cache)
        data = seen.fingerprint(cache)
    chosen = registered_stages() if stages is None else stages
    plan = compile_plan(loaded.contract, chosen)
    moved = moved_data(layout, plan, data)
    if moved is not None:
        dataset = dataset.model_copy(update={"dataset_root": moved.then})
        plan = compile_plan(loaded.contract.model_copy(update={"dataset": dataset}), chosen)
        data = {**data, "dataset_root": moved.then}
    check_places(layout, plan)
    left = orphans(layout, plan)
    texts = planned_texts(layout, loaded, plan, argv, data=data, moved=moved, digests=reading)
    stored = remembered.rebased(here, base).in_directory(base, layout)
    texts |= {layout.overrides_path.relative_to(layout.root).as_posix(): stored.text(), **orphan_texts(layout, left)}
    lines += hidden_lines(loaded, given)
    headline = "\n".join([remembered.headline(layout.run_id, given), *lines, *orphan_lines(left)])
    read_by = reading if paranoid else None
    return Session(layout, loaded, plan, texts, headline, before, stored, seen.files, read_by)


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
