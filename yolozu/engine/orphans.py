"""Files of a run that an earlier contract asked for and the present one does not: kept, but never unnoticed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from yolozu.artifacts.jsonio import pretty, read_json
from yolozu.errors import InputError, UsageError
from yolozu.planning.receipt import Receipt, receipt_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from yolozu.paths import RunLayout
    from yolozu.planning.plan import Plan

FIX = "delete it; what it lists is then no longer mentioned"


def orphans(layout: RunLayout, plan: Plan) -> list[str]:
    """Paths, relative to the run directory, that are there, were given by a stage once, and are given by none now.

    They may be all that is left of an earlier training, so nobody deletes them but the user.

    A receipt that cannot be read names none, and whoever builds its stage is told of it; nor does a list of them that
    cannot be read, which a warning in the log ``yolozu`` tells.
    """
    given = {path for node in plan.nodes for path in node.outputs.values()}
    earlier = {*_listed(layout), *_receipted(layout)}
    return sorted(path for path in earlier - given if (layout.root / path).exists())


def orphan_texts(layout: RunLayout, paths: Sequence[str]) -> dict[str, str]:
    """The list that the planner keeps, by its path relative to the run directory; none where nothing is to be said."""
    if not paths and not layout.leftovers_path.is_file():
        return {}
    path = layout.leftovers_path.relative_to(layout.root).as_posix()
    return {path: pretty({"schema_version": 1, "paths": list(paths)})}


def orphan_lines(paths: Sequence[str]) -> list[str]:
    """What to say of them."""
    return [f"  {path}: no longer asked for; nothing reads or renews it" for path in paths]


def check_places(layout: RunLayout, plan: Plan) -> None:
    """Refuse paths of the contract's choice at which no file can be written.

    Raises:
        UsageError: YZ321, a directory is where a file belongs, or a file where its directory does.
    """
    asked_for = [(node, path) for node in plan.nodes for name, path in node.outputs.items() if node.asked_for(name)]
    for node, path in asked_for:
        place = layout.root / path
        above = [parent for parent in place.parents if parent.is_relative_to(layout.root)]
        wrong = place if place.is_dir() else next((entry for entry in above if entry.is_file()), None)
        if wrong is not None:
            raise UsageError.one(
                "YZ321",
                where=f"{layout.run_id}: {node.name}: {path}",
                problem=f"{wrong} is {'a directory' if wrong.is_dir() else 'no directory'}",
                fix="move it away, or let the contract name another path",
            )


def _listed(layout: RunLayout) -> list[str]:
    if not layout.leftovers_path.is_file():
        return []
    try:
        value = read_json(layout.leftovers_path, code="YZ301", fix=FIX)
    except InputError as error:
        logging.getLogger("yolozu").warning("warning: %s", error)
        return []
    paths = value.get("paths") if isinstance(value, dict) else None
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def _receipted(layout: RunLayout) -> Iterator[str]:
    for place in receipt_paths(layout.receipts_dir):
        receipt = Receipt.readable(place)
        outputs = () if receipt is None else receipt.outputs
        yield from (path for path in outputs if not path.startswith("scratch/"))  # parts wait there for the others
