"""Whether a name that no run has is meant for a new one, or is a slip for that of a run which is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import Override
from yolozu.engine.default_contract import embedded_contract
from yolozu.errors import UsageError
from yolozu.paths import RUNS_DIR, RunLayout
from yolozu.registry import is_typo, nearest

RESOLVED = "reports/config_resolved.yaml"
"""Where a run has its contract."""

MOST_NAMED = 10


def runs_in(directory: Path) -> list[str]:
    """Names of the runs in a directory."""
    return sorted(path.parent.parent.name for path in directory.glob(f"*/{RESOLVED}"))


def known_run(word: str, *, or_file: bool = False) -> RunLayout:
    """The run that a name below ``runs/``, or a directory, means.

    Args:
        word: the name or directory.
        or_file: whether a predictions file might have been named instead; only the words of the error differ.

    Raises:
        UsageError: YZ850 there is no such run.
    """
    if "/" not in word and (RUNS_DIR / word).is_dir():
        return RunLayout.of(word)
    if RunLayout(Path(word)).receipts_dir.is_dir():
        return RunLayout.at(word)
    ways_out = "name a run below runs/, the directory of one, or a predictions file"
    problem = "is neither a run nor a file"
    if not or_file:
        ways_out, problem = "name a run below runs/, or the directory of one", "is no run"
    fix = "; ".join(filter(None, [runs_hint(word, runs_in(RUNS_DIR)), ways_out]))
    raise UsageError.one("YZ850", where=word, problem=problem, fix=fix)


def runs_hint(name: str, runs: Sequence[str]) -> str:
    """``did you mean 'exp01'? runs here: exp01, exp02``; empty where there are none."""
    if not runs:
        return ""
    guess = nearest(name, list(runs))
    more = f" and {len(runs) - MOST_NAMED} more" if len(runs) > MOST_NAMED else ""
    there = f"runs here: {', '.join(runs[:MOST_NAMED])}{more}"
    return there if guess is None else f"did you mean {guess!r}? {there}"


def check_new_run(
    layout: RunLayout, *, default_config: str | None, given: Sequence[Override], may_begin: bool
) -> list[str]:
    """What to say of a run that is not there, and whose contract the command does not name.

    It begins with the default contract, unless its name is more likely a slip.

    Args:
        layout: where it would live, by the name on the command line.
        default_config: the contract it would have; None means that it would have the contract's defaults alone.
        given: overrides of the command line.
        may_begin: whether the command builds, rather than asks.

    Raises:
        UsageError: YZ324, with the nearest name and the way to begin a new run.
    """
    if default_config is not None and _own_name(default_config) == layout.run_id:
        return []
    runs = runs_in(layout.root.parent)
    alike = any(is_typo(layout.run_id, name) for name in runs)
    embedded = default_config in {None, embedded_contract()}
    says_its_data = any(override.key == "dataset_root" for override in given)
    if may_begin and not alike and (says_its_data or not embedded):
        return [f"  new run {layout.run_id}, from {source_of(default_config)}"]
    begin = f"a new run names its contract: config={'FILE' if embedded else default_config} {layout.word}"
    raise UsageError.one(
        "YZ324",
        where=layout.word,
        problem=f"there is no such run in {layout.root.parent}",
        fix="; ".join(filter(None, [runs_hint(layout.run_id, runs), begin])),
    )


def source_of(config: str | None) -> str:
    """What a run's contract is called: its file, or that there is none."""
    return "the contract's defaults" if config is None else config


def _own_name(default_config: str) -> str | None:
    return load_contract(Path(default_config)).contract.run.run_id
