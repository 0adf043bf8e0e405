"""How long each stage of a plan is expected to take."""

from __future__ import annotations

import math
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yolozu.app.expected_time.past import PastStage, past_stages
from yolozu.app.expected_time.work import training_steps, work_of
from yolozu.artifacts.spec import flat
from yolozu.engine.store.prospect import is_in_store
from yolozu.paths import RUNS_DIR
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import GOES_ON_FROM_FINISHED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yolozu.engine.session import Session
    from yolozu.planning.plan import Node
    from yolozu.planning.staleness import Verdict

COUNTED_BY = "prepare_data"
TRAINS = "train"


@dataclass(frozen=True)
class Expected:
    """What a stage is expected to take.

    Attributes:
        seconds: the estimate; None where nothing is known.
        run: the run whose receipt it comes from; None where it needs none.
        took: seconds that the stage took there.
        scale: how many times as much work it is now.
        differs: keys that both have and that were others there.
    """

    seconds: float | None
    run: str | None = None
    took: float | None = None
    scale: float = 1.0
    differs: int = 0


UNKNOWN = Expected(None)


def expected_times(session: Session, verdicts: Sequence[Verdict]) -> dict[str, Expected]:
    """Stage -> what it is expected to take, of those that would run or may; receipts are read only where there are any.

    A result that is taken from the store takes no time.
    """
    stale = [verdict for verdict in verdicts if verdict.stale]
    if not stale:
        return {}
    past = past_stages(RUNS_DIR)
    keys = flat({key: value for node in session.plan.nodes for key, value in node.spec.items()})
    counts = _counts(session, verdicts, past)
    executor = session.loaded.contract.operations.executor
    times = {}
    for verdict in stale:
        node = verdict.node
        if is_in_store(verdict.reasons):
            times[node.name] = Expected(0.0)
            continue
        alike = [one for one in past if one.stage == node.name and _comparable(one, keys, executor)]
        work = work_of(node.name, keys, counts)
        times[node.name] = _estimate(alike, keys, work, _left(session, verdict, keys, counts))
    return times


def _counts(session: Session, verdicts: Sequence[Verdict], past: Sequence[PastStage]) -> Mapping[str, int]:
    """Numbers of images: the run's own, else those of another run with the same data."""
    node = next((one for one in session.plan.nodes if one.name == COUNTED_BY), None)
    if node is None:
        return {}
    stale = {verdict.node.name for verdict in verdicts if verdict.stale}
    receipt = Receipt.readable(session.layout.receipt_path(COUNTED_BY))
    if receipt is not None and COUNTED_BY not in stale:
        return receipt.numbers
    mine = flat(node.spec)
    known = (one.counts for one in past if all(one.keys.get(key) == value for key, value in mine.items()))
    return next((counts for counts in known if counts), _rendered(mine))


def _rendered(keys: Mapping[str, Any]) -> dict[str, int]:
    """Images of scenes that are still to be rendered; of other data nobody knows."""
    if keys.get("dataset_root") != "synthetic":
        return {}
    return {
        "train_images": keys["synth_images"],
        "val_images": keys["synth_val_images"],
        "predict_images": keys["synth_val_images"],
    }


def _comparable(one: PastStage, keys: Mapping[str, Any], executor: str) -> bool:
    """Whether times of it tell anything here: the same kind of device, and the same way to run a stage."""
    kinds = [str(found.get("device", "cpu")).partition(":")[0] for found in (one.keys, keys)]
    return kinds[0] == kinds[1] and one.executor in (None, executor)


def _left(session: Session, verdict: Verdict, keys: Mapping[str, Any], counts: Mapping[str, int]) -> float:
    """Share of the work that is left where the stage goes on from earlier work."""
    node = verdict.node
    begun = session.unfinished(node)
    if begun is not None and begun.done is not None and begun.total:
        return max(0.0, 1.0 - begun.done / begun.total)
    if any(reason.subject == GOES_ON_FROM_FINISHED for reason in verdict.reasons):
        steps, done = training_steps(keys, counts), _steps_done(session, node)
        return 1.0 if not steps or done is None else max(0.0, 1.0 - done / steps)
    return 1.0


def _steps_done(session: Session, node: Node) -> int | None:
    receipt = Receipt.readable(session.layout.receipt_path(node.name))
    steps = None if receipt is None else receipt.numbers.get("steps")
    return steps if isinstance(steps, int) else None


def _estimate(alike: Sequence[PastStage], keys: Mapping[str, Any], work: float | None, left: float) -> Expected:
    """The nearest receipt, scaled by the work."""
    rows = []
    for place, one in enumerate(alike):
        theirs = _work_done(one)
        if work is None or not theirs:
            continue
        differing = [key for key in keys.keys() & one.keys.keys() if keys[key] != one.keys[key]]
        other_network = any(key.startswith("model.") or key == "model" for key in differing)
        elsewhere = one.host not in (None, socket.gethostname())
        far = abs(math.log(work / theirs)) if work else 0.0
        rows.append(((elsewhere, other_network, len(differing), far, place), one, work / theirs, len(differing)))
    if not rows:
        return UNKNOWN
    _, one, scale, differs = min(rows, key=lambda row: row[0])
    seconds = one.fixed_s + (one.seconds - one.fixed_s) * scale * left
    return Expected(seconds, one.run, one.seconds, scale * left, differs)


def _work_done(one: PastStage) -> float | None:
    """Work that a stage did; a training that stopped early did less than its keys say."""
    try:
        work, steps = work_of(one.stage, one.keys, one.counts), training_steps(one.keys, one.counts)
    except (KeyError, TypeError, ValueError):  # keys of another release
        return None
    done = one.numbers.get("steps")
    if one.stage != TRAINS or work is None or not steps or not isinstance(done, int):
        return work
    return work * done / steps
