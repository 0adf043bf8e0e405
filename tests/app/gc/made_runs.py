"""Runs of a few bytes, with receipts that tell the truth about them."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from yolozu.engine.store.keys import key_of_receipt
from yolozu.engine.store.store import Store
from yolozu.paths import RUNS_DIR, RunLayout, store_path
from yolozu.planning.receipt import Receipt


def make_run(
    name: str, *, score: float | None = None, age_s: float = 0.0, held_out: str = "images", stored: bool = False, **spec
) -> RunLayout:
    """A run that was trained, and evaluated where it has a score; its training has the keys of ``spec``."""
    layout = RunLayout(RUNS_DIR / name)
    give(layout, "prepare_data", {"data/predict.json": held_out}, {}, stored=stored)
    content = spec.pop("content", name)
    give(layout, "train", {"checkpoints/best.pt": f"weights {content}"}, {"init": spec}, stored=stored)
    if score is not None:
        give(layout, "evaluate", {"reports/eval_coco.json": name}, {}, numbers={"map50_95": score})
    grow_old(layout, age_s)
    return layout


def give(layout: RunLayout, stage: str, files: dict[str, str], spec: dict, *, numbers=None, stored: bool = False):
    """Let a stage of a run have given ``files``; the store keeps them where it is asked to."""
    for path, text in files.items():
        (layout.root / path).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / path).write_text(text)
    digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()}
    receipt = Receipt(stage, 1, {"s": spec}, {"read": "".join(files.values())}, digests, numbers or {}, "", 1.0, {})
    layout.receipts_dir.mkdir(exist_ok=True)
    layout.receipt_path(stage).write_text(json.dumps({"schema_version": 1, **asdict(receipt)}))  # not synced: many
    if stored:
        key, store = key_of_receipt(receipt), Store(store_path())
        if store.has(key):
            for path in files:
                (layout.root / path).unlink()
            store.fill(key, receipt, layout.root)
        store.put(key, receipt, layout.root)


def grow_old(layout: RunLayout, seconds: float) -> None:
    """Let all of a run have been built so long ago."""
    for path in (*layout.root.rglob("*"), layout.root):
        time = path.stat().st_mtime - seconds
        os.utime(path, (time, time))


def intact(layout: RunLayout) -> bool:
    """Whether every output of a run is what its receipts say."""
    receipts = [Receipt.read(path) for path in layout.receipts_dir.glob("*.json")]
    return bool(receipts) and all(
        hashlib.sha256((layout.root / path).read_bytes()).hexdigest() == digest
        for receipt in receipts
        for path, digest in receipt.outputs.items()
    )


def disk_usage(root: Path) -> int:
    """Bytes of all files below ``root``, those with several links once."""
    found = {}
    for path in root.rglob("*"):
        if path.is_file() and ".cache" not in path.parts:
            status = path.lstat()
            found[status.st_dev, status.st_ino] = status.st_size
    return sum(found.values())
