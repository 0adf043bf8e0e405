"""Everything that a GPU decides, in one command: speed beside `transformers`, same bits, same numbers as the CPU.

    python -m benchmarks.cuda --keep DIR [--minutes 25] [ROW…]

Needs a Python whose torch is built for CUDA and sees a GPU, and yolozu's other dependencies; where one is missing, the
command says which and does nothing. `transformers` (the peer), `torchao` (few bits) and `onnxruntime-gpu` (parity on
the device) may be missing: their rows say so. Nothing is downloaded.

Each row runs in a process of its own, so that one that fails, or takes longer than it may, is told and the others go
on. Its result is kept in DIR, and the same command goes on behind it; what failed is tried again. The table is
DIR/table.md, all numbers are DIR/numbers.json. Exit 1 when a row failed. `--rehearse` runs all rows on the CPU with
small shapes: that they work, not how fast.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """What is measured or checked.

    Attributes:
        function: ``module:function``, from `Place` to `Outcome`.
        limit_s: it may take.
        environment: its process has besides.
    """

    function: str
    limit_s: float = 120.0
    environment: dict[str, str] = field(default_factory=dict)


SAME_BITS = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
ROWS = {
    "step in bf16": Row("steps:bfloat16", 150),
    "step in float32": Row("steps:float32", 150),
    "waits of a step": Row("steps:waiting", 90),
    "inputs": Row("steps:inputs", 90),
    "assignment": Row("steps:assignment", 90),
    "loss of the CPU": Row("steps:agreement", 90),
    "same bits": Row("steps:repeated", 150, SAME_BITS),
    "backbones": Row("steps:backbones", 90, SAME_BITS),
    "network": Row("prediction:network", 120),
    "pictures": Row("prediction:pictures", 150),
    "test-time training": Row("prediction:test_time_training", 120),
    "parity": Row("prediction:parity", 120),
    "whole run": Row("command_line:whole_run", 240),
    "resume": Row("command_line:resume", 300),
    "one process": Row("command_line:one_process", 200),
    "qlora": Row("few_bits:qlora", 150),
    "layers in 4 bits": Row("few_bits:layers", 90),
    "compiled step": Row("steps:compiled", 200),
}
"""In order of worth: where time runs out, the last ones are left."""

MODULES = {
    "doit": "doit",
    "filelock": "filelock",
    "hotcoco": "hotcoco",
    "numpy": "numpy",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "onnxscript": "onnxscript",
    "pillow": "PIL",
    "pycocotools": "pycocotools",
    "pydantic": "pydantic",
    "rich": "rich",
    "ruamel.yaml": "ruamel.yaml",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "typer": "typer",
}
"""Package -> what of it is imported."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="names, or parts of them; all where none is given")
    parser.add_argument("--keep", type=Path, required=True, metavar="DIR", help="results and files")
    parser.add_argument("--minutes", type=float, default=25.0, help="for all rows together")
    parser.add_argument("--rehearse", action="store_true", help="on the CPU, with small shapes")
    parser.add_argument("--row", choices=ROWS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    device = "cpu" if options.rehearse else "cuda"
    if options.row is not None:
        print(json.dumps(measured(options.row, device, options.keep)))
        return 0
    chosen = [name for name in ROWS if not options.rows or any(word in name for word in options.rows)]
    refusal = refused(device, options.rows, chosen)
    if refusal is not None:
        print(f"benchmarks.cuda: {refusal}", file=sys.stderr)
        return 2
    options.keep.mkdir(parents=True, exist_ok=True)
    results = run_all(chosen, options.keep.resolve(), device, time.monotonic() + 60.0 * options.minutes)
    print(f"table: {options.keep / 'table.md'}, numbers: {options.keep / 'numbers.json'}")
    return 1 if any(result["verdict"] in FAILING for result in results.values()) else 0


FAILING = ("FAILED", "ERROR")


def refused(device: str, words: list[str], chosen: list[str]) -> str | None:
    """Why nothing can be measured, and what to do."""
    unknown = [word for word in words if not any(word in name for name in ROWS)]
    if unknown or not chosen:
        return f"no row is named {', '.join(unknown)}\n  fix: name some of: {', '.join(ROWS)}"
    missing = [package for package, module in MODULES.items() if not is_there(module)]
    if missing:
        return f"{sys.executable} lacks {', '.join(missing)}\n  fix: pip install -c constraints.txt {' '.join(missing)}"
    if not is_there("torch"):
        return f"{sys.executable} has no torch\n  fix: run it with a Python whose torch is built for CUDA"
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        built = "sees no GPU" if torch.version.cuda is not None else "is not built for CUDA"
        return (
            f"torch {torch.__version__} of {sys.executable} {built}\n"
            "  fix: run it with a Python whose torch is built for CUDA, on a machine with a GPU (nvidia-smi lists it), "
            "or add --rehearse"
        )
    return None


def is_there(module: str) -> bool:
    """Whether it could be imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it would lie in
        return False


def run_all(chosen: list[str], keep: Path, device: str, until: float) -> dict[str, dict[str, Any]]:
    """Every row that has no result yet, each in a process; the table is written behind each."""
    about, results = machine(device), kept(keep, device)
    for name in chosen:
        if results.get(name, {}).get("verdict") == "ok":
            print(f"{name}: is there already", flush=True)
            continue
        left = until - time.monotonic()
        started = time.monotonic()
        result = {"verdict": "no time", "figures": ["the time for all rows was over"]}
        if left > 10.0:
            result = in_process(name, keep, device, left if device == "cpu" else min(left, ROWS[name].limit_s))
        results[name] = {**result, "seconds": round(time.monotonic() - started, 1)}
        ordered = {name: results[name] for name in ROWS if name in results}
        write(keep / "numbers.json", json.dumps({"machine": about, "rows": ordered}, indent=2))
        write(keep / "table.md", table(about, ordered))
        print(lines_of(name, results[name]), flush=True)
    return {name: results[name] for name in chosen}


def kept(keep: Path, device: str) -> dict[str, dict[str, Any]]:
    """What an earlier call on the same kind of device has found."""
    try:
        found = json.loads((keep / "numbers.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {name: row for name, row in found["rows"].items() if found["machine"]["device"] == device}


def in_process(name: str, keep: Path, device: str, limit_s: float) -> dict[str, Any]:
    """The row's result; an error where the process dies, says nothing or takes too long."""
    words = ["--row", name, "--keep", str(keep), *(["--rehearse"] if device == "cpu" else [])]
    environment = {**os.environ, "PYTHONPATH": str(HERE), **ROWS[name].environment}
    command = [sys.executable, "-m", "benchmarks.cuda", *words]
    log = keep / f"{name.replace(' ', '-')}.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        )
        try:
            said, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with the commands that it has started
            process.communicate()
            return {"verdict": "ERROR", "figures": [f"took longer than {limit_s:.0f} s"]}
    try:
        found: dict[str, Any] = json.loads(said.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        last = log.read_text(encoding="utf-8").splitlines()[-1:]
        return {"verdict": "ERROR", "figures": [f"its process ended with {process.returncode}", *last]}
    return found


def measured(name: str, device: str, keep: Path) -> dict[str, Any]:
    """One row, in this process."""
    from benchmarks.gpu.row import NotHereError, Place

    module, _, function = ROWS[name].function.partition(":")
    directory = keep / name.replace(" ", "-")
    directory.mkdir(parents=True, exist_ok=True)
    try:
        compute = getattr(importlib.import_module(f"benchmarks.gpu.{module}"), function)
        outcome = compute(Place(device, directory))
    except NotHereError as error:
        return {"verdict": "not here", "figures": [str(error)]}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the row's result
        traceback.print_exc()
        lines = str(error).splitlines() or [""]
        return {"verdict": "ERROR", "figures": [f"{type(error).__name__}: {lines[0]}", *lines[1:12]]}
    verdict = "FAILED" if outcome.failures else "ok"
    return {"verdict": verdict, "figures": [*outcome.failures, *outcome.figures], "numbers": outcome.numbers}


def machine(device: str) -> dict[str, Any]:
    """Where it is measured."""
    import torch

    from yolozu.system import available_cores

    name = torch.cuda.get_device_name() if device == "cuda" else "CPU: a rehearsal, no measurement"
    versions = {"torch": torch.__version__, "cuda": torch.version.cuda, "python": sys.version.split()[0]}
    return {"device": device, "name": name, "cores": available_cores(), **versions}


def table(about: dict[str, Any], results: dict[str, dict[str, Any]]) -> str:
    """All of it as Markdown."""
    versions = f"torch {about['torch']} (CUDA {about['cuda']}), Python {about['python']}"
    head = f"{about['name']}, {about['cores']} cores, {versions}"
    rows = [
        f"| {name} | {row['verdict']} | {row['seconds']:.0f} | {'<br>'.join(map(in_cell, row['figures']))} |"
        for name, row in results.items()
    ]
    return "\n".join([head, "", "| row | verdict | s | what came out |", "|---|---|---:|---|", *rows, ""])


def in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def lines_of(name: str, row: dict[str, Any]) -> str:
    return "\n".join([f"{name}: {row['verdict']} ({row['seconds']:.0f} s)", *(f"  {line}" for line in row["figures"])])


def write(path: Path, text: str) -> None:
    """Whole or not at all: the command may be killed at any time."""
    aside = path.with_suffix(".part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
