"""What a training takes from earlier runs: where it is, by the name that a contract has for it."""

from __future__ import annotations

import re
from pathlib import Path

from yolozu.artifacts.digest import DigestCache
from yolozu.artifacts.jsonio import read_json
from yolozu.errors import InputError, YolozuError
from yolozu.paths import BEST_CHECKPOINT, RUN_ID_PATTERN, RUNS_DIR, digest_cache_path

EWC_STATE = "continual/ewc_state.pt"
SI_STATE = "continual/si_state.pt"
REPLAY_BUFFER = "continual/replay"

FORGETTING_REPORT = "reports/forgetting.json"

HELD_OUT, MODELS, PREDICTIONS = "data/predict.json", "data/models.json", "predictions/predictions.json"
EVALUATED = (HELD_OUT, MODELS, PREDICTIONS)
"""What the forgetting report of a later run holds its own predictions against; training uses none of it."""

STATES = {"ewc": EWC_STATE, "si": SI_STATE}
"""Regularizer -> where a run that has it on leaves its state."""

LEFT_FOR_LATER = (EWC_STATE, SI_STATE, REPLAY_BUFFER)
"""What a run may leave for a later training, relative to its directory."""

_AGAIN = "run the same command again: it plans with what is there now"


def run_directory(named: str, *, where: str) -> Path:
    """Directory of the run that ``named`` stands for: its id below ``runs``, or a directory.

    Args:
        named: id or path.
        where: of the name, for messages.

    Raises:
        InputError: YZ313 there is no such run, YZ531 the name means two.
    """
    places = [place for place in _places(named) if (place / "receipts").is_dir() or (place / "plan").is_dir()]
    if len(places) == 1:
        return places[0]
    if not places:
        raise InputError.one(
            "YZ313",
            where=f"{where}: {named}",
            problem="there is no such run",
            fix=f"give the id of a run below {RUNS_DIR}, or its directory",
        )
    raise InputError.one(
        "YZ531",
        where=f"{where}: {named}",
        problem=f"means two runs: {places[0]} and {places[1]}",
        fix=f"write ./{named} for the directory, or {places[1]} for the run",
    )


def teacher_checkpoint(named: str, *, where: str) -> Path:
    """The checkpoint that ``named`` stands for: a file, or the best of a run.

    Raises:
        InputError: YZ313 there is no such file or run, or it has no checkpoint; YZ531 the name means two.
    """
    if Path(named).is_file():
        return Path(named)
    best = run_directory(named, where=where) / BEST_CHECKPOINT
    if not best.is_file():
        raise InputError.one(
            "YZ313",
            where=f"{where}: {best}",
            problem="the run has no checkpoint yet",
            fix="build it first: yolozu run ID train; or name a checkpoint",
        )
    return best


def left_as_planned(named: str, name: str, planned: Path, *, where: str) -> Path | None:
    """Where the run that ``named`` stands for left ``name``; None where it left no such thing.

    Args:
        named: id or path of the run.
        name: one of `LEFT_FOR_LATER`.
        planned: what the planner knew of it (``plan/earlier.json``).
        where: of the name, for messages.

    Raises:
        InputError: YZ313 and YZ531 as of `run_directory`; YZ551, it is not what the run was planned with.
    """
    known = read_json(planned, code="YZ551", fix=_AGAIN)["left"]
    path = run_directory(named, where=where) / name
    found = _read_digest(path) if path.exists() else None
    if (None if known is None else known.get(name)) != found:
        raise _changed(f"{where}: {path}")
    return None if found is None else path


def require_state(run: Path, regularizer: str, *, where: str) -> Path:
    """Where a run has left the state of a regularizer.

    Args:
        run: its directory.
        regularizer: one of `STATES`.
        where: of the run's name, for messages.

    Raises:
        InputError: YZ540, there is none.
    """
    path = run / STATES[regularizer]
    if not path.is_file():
        raise InputError.one(
            "YZ540",
            where=f"{where}: {path}",
            problem=f"the run has left no state for {regularizer}",
            fix=f"set {regularizer}: true in that run's contract and build it again, or drop {regularizer} here",
        )
    return path


def stored_as_planned(directory: Path, planned: Path) -> Path:
    """The directory of stored outputs that `derpp_teacher_key` names, with the contents that it was planned with.

    Raises:
        InputError: YZ551, there are others, or none.
    """
    known = read_json(planned, code="YZ551", fix=_AGAIN)["stored_outputs"]
    if not directory.is_dir() or _read_digest(directory) != known:
        raise _changed(f"derpp_teacher_key: {directory}")
    return directory


def _read_digest(path: Path) -> str:
    """By reading all of it, and noted, so that who plans again knows it."""
    with DigestCache(digest_cache_path(), reads_all=True) as cache:
        return cache.path(path)


def _changed(where: str) -> YolozuError:
    return InputError.one("YZ551", where=where, problem="has changed since the run was planned", fix=_AGAIN)


def _places(named: str) -> list[Path]:
    """Directory and run of that name, each once."""
    below = [RUNS_DIR / named] if re.fullmatch(RUN_ID_PATTERN, named) else []
    return [Path(named), *below]
