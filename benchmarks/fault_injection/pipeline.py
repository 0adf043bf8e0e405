"""What is disturbed: this project's pipeline, of a training that takes seconds."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.fault_injection.trial import python
from benchmarks.interruptions import make_project
from yolozu.planning.receipt import Receipt

DIGESTED_WHOLE = {".pt", ".onnx", ".npz"}
OF_A_CLOCK = {"timestamp", "seconds", "data_time_s", "step_time_s", "images_per_s", "memory_mb", "checked_at"}
WITHOUT_DIGEST = {"report.html", "predictions.jpg", "run_meta.json", "predict.meta.json"}
"""They tell when and where; only that they are there counts."""


class Pipeline:
    """`yolozu run` on two kinds of rectangles."""

    name = "yolozu"
    stages: tuple[str, ...] = ("prepare_data", "train", "export_onnx", "onnx_parity", "predict", "evaluate", "report")
    documented = True

    def lay_out(self, where: Path) -> None:
        """The contract and the pictures."""
        make_project(where)

    def command(self, run: str = "exp", *, closely: bool = False) -> list[str]:
        """`yolozu run`."""
        return python("yolozu", "run", "exp.yaml", f"run_id={run}", *(["--paranoid"] if closely else []))

    def make_stale(self, where: Path, stage: str) -> None:
        """The stage's receipt and what it names."""
        receipt = where / f"runs/exp/receipts/{stage}.json"
        for output in Receipt.read(receipt).outputs:
            path = where / "runs/exp" / output
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        receipt.unlink()

    def outputs(self, where: Path, run: str = "exp") -> dict[str, str]:
        """Of all receipts' outputs that are there."""
        root, found = where / f"runs/{run}", {}
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not name.startswith(("plan/", "scratch/", "receipts/")):
                found[name] = _digest(path)
        return found

    def users_files(self, where: Path) -> list[Path]:
        """The contract and the data set."""
        return [where / "exp.yaml", *(where / "parts").rglob("*")]

    def is_worker(self, command_line: str) -> bool:
        """A stage's process."""
        return "yolozu.engine.worker" in command_line


def _digest(path: Path) -> str:
    if path.name in WITHOUT_DIGEST:
        return "there" if path.stat().st_size else "empty"
    content = path.read_bytes()
    if path.suffix in {".json", ".jsonl"}:
        try:
            rows = [_without_clock(json.loads(line)) for line in _documents(content, path.suffix)]
        except ValueError:
            return "no JSON"
        content = json.dumps(rows, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


def _documents(content: bytes, suffix: str) -> list[bytes]:
    return content.splitlines() if suffix == ".jsonl" else [content]


def _without_clock(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_clock(inner) for key, inner in value.items() if key not in OF_A_CLOCK}
    return [_without_clock(inner) for inner in value] if isinstance(value, list) else value
