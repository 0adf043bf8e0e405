"""Which files below a run's directory yolozu has made, and which are somebody else's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import read_json
from yolozu.engine.failure import read_failure
from yolozu.errors import InputError
from yolozu.paths import OWN_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yolozu.app.gc.run_facts import RunFacts
    from yolozu.artifacts.digest import DigestCache
    from yolozu.paths import RunLayout

OWN_PATTERNS = ("plan/*.json", "plan/doit.sqlite*", "receipts/*.json", "plan/build.lock*")
"""What planner, builder and workers write about a run; deleted in another order than it is written."""

OWN_TREES = ("scratch", "reports/black_box", "reports/tensorboard")
"""Directories in which yolozu alone writes."""

CHANGED = "is not what the run made"
OTHERS = "is not of the run's making"


@dataclass(frozen=True)
class RunFiles:
    """All files below the directory of a run.

    Attributes:
        made: that go with the run, what says of them last, so that who is killed on the way can begin again.
        left: path -> why it stays.
    """

    made: tuple[Path, ...]
    left: dict[Path, str]


def files_of(run: RunFacts, cache: DigestCache, kept_outputs: frozenset[str]) -> RunFiles:
    """The files of a run that goes.

    Args:
        run: which.
        cache: known digests.
        kept_outputs: real paths of what runs that stay have put outside of their own directories.
    """
    layout = run.layout
    left: dict[Path, str] = {}
    made: dict[Path, None] = {}
    for path, digest in _outputs(run):
        if digest is None or (path.exists() and cache.path(path) == digest):
            made |= dict.fromkeys(files_below(path))
        else:
            left |= dict.fromkeys(files_below(path), CHANGED)
    for tree in OWN_TREES:
        made |= dict.fromkeys(files_below(layout.root / tree))
    own = [layout.root / path for path in OWN_FILES]
    own += [path for pattern in OWN_PATTERNS for path in sorted(layout.root.glob(pattern))]
    made |= {path: None for path in own if os.path.lexists(path) and not path.is_dir()}
    made = {path: None for path in made if path not in left and os.path.realpath(path) not in kept_outputs}
    left |= {path: OTHERS for path in files_below(layout.root) if path not in made and path not in left}
    return RunFiles(tuple(made), left)


def unfinished_files(layout: RunLayout) -> tuple[Path, ...]:
    """What builds that have died, or were interrupted, have left to go on from."""
    return tuple(files_below(layout.root / "scratch"))


def outputs_outside(runs: Iterable[RunFacts]) -> frozenset[str]:
    """Real paths of outputs that lie outside of the directory of their run."""
    found = set()
    for run in runs:
        root = os.path.realpath(run.layout.root)
        for receipt in run.receipts.values():
            places = (os.path.realpath(run.layout.root / path) for path in receipt.outputs)
            found |= {place for place in places if not _is_below(place, root)}
    return frozenset(found)


def files_below(path: Path) -> Iterator[Path]:
    """``path`` itself, or all files below it; links are files, whatever they lead to."""
    if path.is_symlink() or path.is_file():
        yield path
        return
    for below, folders, names in os.walk(path):
        links = [name for name in folders if (Path(below) / name).is_symlink()]
        yield from (Path(below) / name for name in sorted([*names, *links]))


def _outputs(run: RunFacts) -> Iterator[tuple[Path, str | None]]:
    """What the run's stages have given below its directory, with digests; None where a refused gate noted none."""
    root = os.path.normpath(run.layout.root.absolute())
    given: dict[str, str | None] = dict.fromkeys(_refused(run), None)
    given |= {path: digest for one in run.receipts.values() for path, digest in one.outputs.items() if digest}
    for path, digest in given.items():
        place = run.layout.root / path
        if _is_below(os.path.normpath(place.absolute()), root) and os.path.lexists(place):
            yield place, digest


def _refused(run: RunFacts) -> Iterator[str]:
    """What gates that said no have published: it has no receipt."""
    for place in sorted(run.layout.receipts_dir.glob("*.failed.json")):
        stage = place.name.removesuffix(".failed.json")
        failure = read_failure(run.layout, stage)
        if failure is None or failure["kind"] != "GateFailed" or stage in run.receipts:
            continue
        try:
            request = read_json(run.layout.request_path(stage), code="YZ301", fix="")
            yield from (str(path) for path in request["outputs"].values())
        except (InputError, KeyError, TypeError, AttributeError):
            continue  # then nobody knows what it gave, and the files stay


def _is_below(place: str, root: str) -> bool:
    return place.startswith(f"{root}{os.sep}")
