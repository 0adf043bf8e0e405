"""What runs name of other runs: weights they start from, runs they go on from, teachers, data, contracts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yolozu.artifacts.jsonio import read_json
from yolozu.engine.run_overrides import RunOverrides
from yolozu.planning.receipt import receipt_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from yolozu.app.gc.run_facts import RunFacts

NAMES_A_RUN = "_from"
"""How keys end whose value may be the name of a run: `init_from`, `continual_from`, `self_distill_from`."""


def needed_runs(kept: Iterable[str], runs: Sequence[RunFacts]) -> dict[str, tuple[str, str]]:
    """Names of the runs that ``kept`` ones name, at once or through each other -> the key and the run that names it.

    What is `kept` itself is not among them.

    Raises:
        InputError: YZ301 or YZ309, what a run names cannot be read.
    """
    by_name, places = {run.name: run for run in runs}, _places(runs)
    needed: dict[str, tuple[str, str]] = {}
    pending = list(dict.fromkeys(kept))
    known = set(pending)
    while pending:
        run = by_name[pending.pop(0)]
        for key, other in _named_by(run, places):
            if other not in known:
                known.add(other)
                needed[other] = (key, run.name)
                pending.append(other)
    return needed


def _places(runs: Sequence[RunFacts]) -> dict[str, str]:
    """Directory of a run, as it is named and as it really is -> its name."""
    roots = [(run.layout.root, run.name) for run in runs]
    return {str(place): name for root, name in roots for place in (root.absolute(), root.resolve())}


def _named_by(run: RunFacts, places: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Keys and the runs that they name, of all that a run's receipts and plan say."""
    bases = dict.fromkeys((Path.cwd(), RunOverrides.read(run.layout).base(run.layout)))
    for path in (*receipt_paths(run.layout.receipts_dir), *sorted(run.layout.plan_dir.glob("*.json"))):
        for key, text in _texts(read_json(path, code="YZ301", fix="put an intact copy in its place, or delete it")):
            for base in bases:
                other = _run_of(key, text, base, places)
                if other is not None:
                    yield key, other


def _run_of(key: str, text: str, base: Path, places: Mapping[str, str]) -> str | None:
    """The run that a text stands for, or in whose directory the file lies that it names."""
    if key.endswith(NAMES_A_RUN) and text in places.values():
        return text
    if "/" not in text or "\0" in text:
        return None
    named = base / text
    for place in (Path(os.path.normpath(named)), Path(os.path.realpath(named))):
        for directory in (place, *place.parents):
            if str(directory) in places:
                return places[str(directory)]
    return None


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """All texts in a JSON value, each with the last key above it."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry, key)
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _texts(entry, name)
