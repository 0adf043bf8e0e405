"""Where a file that no receipt names may belong, by what it says of itself or by what planners have noted of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from yolozu.app.trace.known_receipts import Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yolozu.app.trace.known_receipts import KnownReceipt, KnownReceipts
    from yolozu.app.trace.lineage import Parent
    from yolozu.artifacts.statement import Statement

NOTES = ("init_from", "earlier", "earlier_tasks", "given")
"""The planner's files that hold digests of files outside."""

HOMES = {
    "ONNX file": "exports/model.onnx",
    "metadata of an ONNX file": "exports/model.onnx.meta.json",
    "checkpoint": "checkpoints/best.pt",
    "checkpoint to go on from": "checkpoints/last.pt",
    "parity report": "reports/onnx_parity.json",
    "predictions": "predictions/predictions.json",
    "predictions as columns": "predictions/predictions.npz",
    "record of a training": "reports/run_meta.json",
    "record of first weights": "reports/init.json",
}
"""Kind of a file -> where a run has one; of other kinds, whatever has the same suffix may be meant."""

COPIES = "files"
"""The stage that copies what others give."""


def belonging(receipts: KnownReceipts, statement: Statement, stated: Iterable[Parent], path: Path) -> Iterator[Output]:
    """Outputs of the kind that ``path`` is, of stages whose receipts agree with what it says, the likeliest first.

    Args:
        receipts: all of them.
        statement: what the file says of itself.
        stated: files that it says it was made of.
        path: of the file.
    """
    read = [known for parent in stated if parent.sha256 is not None for known, _ in receipts.readers(parent.sha256)]
    trained = [] if statement.training is None else receipts.trainings(statement.training)
    home = None if statement.kind is None else HOMES.get(statement.kind)
    found = [
        Output(known, name, sha)
        for known in {known.path: known for known in (*read, *trained) if known.stage != COPIES}.values()
        for name, sha in known.receipt.outputs.items()
        if sha is not None and (Path(name).suffix == path.suffix if home is None else name == home)
    ]
    yield from sorted(found, key=lambda output: (Path(output.path).name != path.name, output.of.in_store))


def mentions(receipts: KnownReceipts, sha256: str) -> Iterator[tuple[KnownReceipt, str]]:
    """Stages that have read a file with these bytes from outside, as their planners have noted it."""
    for run in receipts.run_dirs:
        for name in NOTES:
            try:
                content = (run / "plan" / f"{name}.json").read_bytes()
            except OSError:
                continue
            if sha256.encode() in content:
                readers = receipts.readers(hashlib.sha256(content).hexdigest())
                yield from ((known, field) for known, field in readers if known.root == run)
