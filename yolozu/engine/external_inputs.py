"""Files that a contract names and no stage makes: known by content, so that another content is another input."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import pretty
from yolozu.artifacts.listing import FileSet, Listing
from yolozu.artifacts.published_weights import SPELLINGS
from yolozu.artifacts.spec import flat
from yolozu.artifacts.weight_files import WEIGHTS, weight_files
from yolozu.contract.adapters import offered_adapter
from yolozu.contract.sections.continual import BESIDE_REPLAYED
from yolozu.data.layouts.files import pictures_on_disk
from yolozu.data.moved import Moved
from yolozu.errors import Finding, InputError
from yolozu.planning.receipt import Receipt
from yolozu.predict.adapters.registry import ADAPTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yolozu.artifacts.digest import DigestCache
    from yolozu.contract.loader import LoadedContract
    from yolozu.contract.sections.continual import ContinualSection
    from yolozu.paths import RunLayout
    from yolozu.planning.plan import Plan
    from yolozu.planning.staleness import Reason

SCHEMA_VERSION = 1


def predicting_files(loaded: LoadedContract, cache: DigestCache) -> dict[str, Any]:
    """What predicts besides the model: the predictions file by its digest, the package of the adapter by its version.

    Raises:
        InputError: YZ313, there is no such file.
    """
    predict = loaded.contract.predict
    offered = offered_adapter(predict.adapter)
    return {
        "schema_version": SCHEMA_VERSION,
        "predictions": _digest_of_predictions(loaded, cache),
        "adapter": None if offered is None else f"{offered.package} {offered.version}: {offered.location}",
    }


def what_predicts(loaded: LoadedContract) -> str | None:
    """What `predicting_files` knows by its content or version, in words; None where that is nothing."""
    predict = loaded.contract.predict
    offered = offered_adapter(predict.adapter)
    if offered is None:
        return predict.predictions
    package = f"{offered.package} {offered.version}"
    return package if predict.predictions is None else f"{package} or {predict.predictions}"


def _digest_of_predictions(loaded: LoadedContract, cache: DigestCache) -> str | None:
    predict = loaded.contract.predict
    if predict.predictions is None or (predict.adapter in ADAPTERS and predict.adapter != "precomputed"):
        return None
    path = Path(predict.predictions)
    if not path.is_file():
        raise InputError.one(
            "YZ313",
            where=f"predictions: {path} ({loaded.origin_of('predictions')})",
            problem="there is no such file",
            fix=f"name the predictions file that adapter: {predict.adapter} reads, relative to the working directory",
        )
    return cache.file(path)


def initial_weights(loaded: LoadedContract, cache: DigestCache) -> dict[str, Any]:
    """What the files that `init_from` stands for are known by; null where training starts from the seed.

    Published weights are known before they are here; others by their digests.

    Raises:
        InputError: YZ313, there is no such file, or a directory without weights; YZ456, a name is a file, too.
    """
    named = loaded.contract.init.init_from
    if named is None:
        return {"schema_version": SCHEMA_VERSION, "files": None}
    path, origin = Path(named), loaded.origin_of("init_from")
    published = SPELLINGS.get(named)
    if published is not None:
        if path.exists():
            raise InputError.one(
                "YZ456",
                where=f"init_from: {named} ({origin})",
                problem=f"is here, and is the name of published weights ({published.repository})",
                fix=f"write ./{named} for what is here, or rename it",
            )
        return {"schema_version": SCHEMA_VERSION, "files": published.known_by}
    files = weight_files(path)
    if not files:
        raise InputError.one(
            "YZ313",
            where=f"init_from: {path} ({origin})",
            problem=f"there is no {WEIGHTS} in this directory" if path.is_dir() else "there is no such file",
            fix=_nearest_name(named)
            + "name the weights to start from, relative to the working directory, or drop init_from",
        )
    return {"schema_version": SCHEMA_VERSION, "files": {name: cache.file(file) for name, file in files.items()}}


def _nearest_name(named: str) -> str:
    """``rtdetr_r18`` may be meant as the name of published weights."""
    near = get_close_matches(named, SPELLINGS, n=1)
    return f"did you mean {near[0]} (yolozu weights lists all names)? Or " if near else ""


def earlier_runs(loaded: LoadedContract, cache: DigestCache) -> dict[str, Any] | None:
    """Digests of what training uses of earlier runs; None where it uses nothing of them.

    Raises:
        InputError: YZ313 and YZ531, there is no such run or file, or a name means two; YZ540, a run has left no state
            that is needed; all findings together.
    """
    from yolozu.artifacts.earlier_runs import LEFT_FOR_LATER, STATES, require_state, run_directory, teacher_checkpoint

    continual, teacher = loaded.contract.continual, loaded.contract.distillation.self_distill_from
    own = continual.derpp_teacher_key == BESIDE_REPLAYED
    if own and continual.continual_from is None and teacher is None:
        return None
    digests: dict[str, Any] = {"teacher": None, "left": None, "stored_outputs": None}
    findings: list[Finding] = []
    try:
        if teacher is not None:
            where = f"self_distill_from ({loaded.origin_of('self_distill_from')})"
            digests["teacher"] = cache.file(teacher_checkpoint(teacher, where=where))
    except InputError as error:
        findings += error.findings
    try:
        if continual.continual_from is not None:
            where = f"continual_from ({loaded.origin_of('continual_from')})"
            run = run_directory(continual.continual_from, where=where)
            for name in (name for name in STATES if getattr(continual, name)):
                require_state(run, name, where=where)
            read = [name for name in LEFT_FOR_LATER if (run / name).exists() and _is_read(continual, name)]
            digests["left"] = {name: cache.path(run / name) for name in read}
    except InputError as error:
        findings += error.findings
    if not own:
        directory = Path(continual.derpp_teacher_key)
        if directory.is_dir():
            digests["stored_outputs"] = cache.tree(directory)
        else:
            findings.append(
                Finding(
                    "YZ313",
                    f"derpp_teacher_key: {directory} ({loaded.origin_of('derpp_teacher_key')})",
                    "there is no such directory",
                    "write it with yolozu continual teachers, or drop the key to use the replay buffer's",
                )
            )
    if findings:
        raise InputError(findings)
    return {"schema_version": SCHEMA_VERSION, **digests}


def _is_read(continual: ContinualSection, left: str) -> bool:
    """Whether training reads what an earlier run left, so that another content is another input."""
    from yolozu.artifacts.earlier_runs import STATES

    return all(getattr(continual, name) for name, state in STATES.items() if state == left)


def background_files(directory: Path) -> list[str]:
    """Paths of the pictures in ``directory``."""
    return pictures_on_disk(directory).paths()


def background_pictures(loaded: LoadedContract, cache: DigestCache) -> dict[str, Any]:
    """Digest over names and contents of the pictures that `paste_backgrounds` names; null where there are none.

    Raises:
        InputError: YZ313, there is no such directory, or one without pictures.
    """
    named = loaded.contract.augment.paste_backgrounds
    if named is None:
        return {"schema_version": SCHEMA_VERSION, "digest": None, "files": 0}
    path = Path(named)
    files = pictures_on_disk(path) if path.is_dir() else Listing(named)
    if not len(files):
        raise InputError.one(
            "YZ313",
            where=f"paste_backgrounds: {path} ({loaded.origin_of('paste_backgrounds')})",
            problem="there is no picture in this directory" if path.is_dir() else "there is no such directory",
            fix="name a directory of pictures, relative to the working directory, or drop paste_backgrounds",
        )
    return {"schema_version": SCHEMA_VERSION, "digest": cache.tree(path, FileSet((files,))), "files": len(files)}


def scenario_setting_values(loaded: LoadedContract) -> dict[str, Any] | None:
    """The setting that `scenarios` stands for, resolved: what it says counts, not how it is written. None for `none`.

    Raises:
        ContractError: the setting file is missing or wrong; all its findings.
    """
    from yolozu.contract.sections.scenario_setting import OF_THE_RUN
    from yolozu.contract.sections.scenarios import NONE, STANDARD
    from yolozu.contract.strict.scenario_file import load_setting

    named = loaded.contract.scenarios.scenarios
    if named == NONE:
        return None
    read = load_setting(None if named == STANDARD else Path(named))
    return {
        "schema_version": SCHEMA_VERSION,
        "setting": read.setting.model_dump(mode="json", exclude=set(OF_THE_RUN)),
        "without_effect": [key for key in OF_THE_RUN if key in read.in_file],
    }


def moved_data(layout: RunLayout, plan: Plan, data: dict[str, Any]) -> Moved | None:
    """Where the run's data were when it first read them, if they lie elsewhere today: the same files, byte by byte.

    Args:
        layout: the run.
        plan: its graph.
        data: fingerprint of the data set as the contract names it.
    """
    path = layout.fingerprint_path.relative_to(layout.root).as_posix()
    for node in plan.nodes:
        receipt = Receipt.readable(layout.receipt_path(node.name))
        if receipt is None or path not in node.inputs.values():
            continue
        then = flat(receipt.spec).get("dataset_root", data["dataset_root"])
        as_then = hashlib.sha256(pretty({**data, "dataset_root": then}).encode()).hexdigest()
        if then != data["dataset_root"] and as_then in receipt.inputs.values():
            return Moved(then, data["dataset_root"])
    return None


def named_by_file(
    reasons: Iterable[Reason], written: str, named: str | None, *keys: str, moved: Iterable[Reason] = ()
) -> tuple[Reason, ...]:
    """``reasons`` as people know them: by the file itself, where the planner's note about it has changed.

    Args:
        reasons: why a stage runs.
        written: where the planner writes what it knows of the file.
        named: what the contract says under the first of ``keys``.
        keys: that say which file or directory it is.
        moved: keys that only tell where something is and are others now: of these, the content has changed, too.
    """
    reasons = tuple(reasons)
    changed = any(reason.subject == written for reason in reasons)
    reasons += tuple(reason for reason in moved if changed and reason.subject in keys)
    if any(reason.kind == "key" and reason.subject in keys for reason in reasons):
        return tuple(reason for reason in reasons if reason.subject != written)
    return tuple(
        replace(reason, subject=named) if reason.subject == written and named is not None else reason
        for reason in reasons
    )


def with_newer(
    reasons: Iterable[Reason], subject: str, files: Callable[[], Iterable[str]], since: str
) -> tuple[Reason, ...]:
    """``reasons`` that name the files behind ``subject`` which were written (or linked, or moved) since.

    Args:
        reasons: why a stage runs.
        subject: a directory, as the contract names it.
        files: finds all files that it stands for; asked only where there is need.
        since: when the stage last began, UTC, ISO 8601.
    """
    return tuple(
        replace(reason, newer=_newer(files(), since))
        if reason.kind == "input" and reason.subject == subject and reason.new is not None
        else reason
        for reason in reasons
    )


def _newer(files: Iterable[str], since: str) -> tuple[str, ...]:
    """The latest first: what a person has just done is what they ask about; none where ``since`` is no time."""
    try:
        began = int(datetime.fromisoformat(since).timestamp() * 1e9)
    except (ValueError, OverflowError):
        return ()
    times = ((_changed_ns(path), path) for path in files)
    return tuple(path for time, path in sorted(times, key=lambda row: -row[0]) if time >= began)


def _changed_ns(path: str) -> int:
    """When a file was last written, linked or moved; 0 where it has gone since it was listed."""
    try:
        return os.stat(path).st_ctime_ns  # noqa: PTH116 - there may be a million
    except FileNotFoundError:
        return 0
