"""The first hour of a new user, timed: from ``pip install WHEEL`` in an empty directory to a model and its report.

    python benchmarks/first_hour.py PHOTOS WHEEL [--classes 2,41,45] [--number 20] [--keep DIRECTORY]

PHOTOS is a data set in YOLO layout (COCO128). Twenty of its photos are copied under names of a camera, with labels of
three classes beside them and a `classes.txt`, as a labeling tool leaves them. Then what a person would type is run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CONSTRAINTS = Path(__file__).parent.parent / "constraints.txt"
EXPECTED = (
    "checkpoints/best.pt",
    "exports/model.onnx",
    "reports/onnx_parity.json",
    "reports/eval_coco.json",
    "reports/predictions.jpg",
    "reports/report.html",
)
"""What a run has to leave."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--classes", default="2,41,45", help="ids in PHOTOS; they become 0, 1, 2")
    parser.add_argument("--names", default="car,cup,bowl")
    parser.add_argument("--number", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="directory to work in, and to leave")
    options = parser.parse_args()
    where = Path(tempfile.mkdtemp()) if options.keep is None else options.keep
    where.mkdir(parents=True, exist_ok=True)
    classes = [int(word) for word in options.classes.split(",")]
    own_photos(options.photos, where / "photos", classes, options.names.split(","), options.number)
    walk(where, options.wheel.resolve())
    if options.keep is None:
        shutil.rmtree(where)


def own_photos(source: Path, target: Path, classes: list[int], names: list[str], number: int) -> None:
    """Copy the first ``number`` photos that show one of ``classes``, with their labels beside them."""
    target.mkdir()
    (target / "classes.txt").write_text("".join(f"{name}\n" for name in names))
    taken = 0
    for label in sorted((source / "labels").rglob("*.txt")):
        lines = list(_kept(label, classes))
        photos = sorted((source / "images").rglob(f"{label.stem}.*"))
        if not lines or not photos:
            continue
        taken += 1
        shutil.copy(photos[0], target / f"IMG_{1000 + taken}{photos[0].suffix}")
        (target / f"IMG_{1000 + taken}.txt").write_text("".join(lines))
        if taken == number:
            return
    raise SystemExit(f"only {taken} photos show one of the classes")


def _kept(label: Path, classes: list[int]) -> Iterator[str]:
    for line in label.read_text().splitlines():
        words = line.split()
        if words and int(words[0]) in classes:
            yield f"{classes.index(int(words[0]))} {' '.join(words[1:])}\n"


def walk(where: Path, wheel: Path) -> None:
    """Run and time the commands, then say what is there."""
    venv = where / "venv"
    timed("python -m venv", [sys.executable, "-m", "venv", str(venv)], where)
    pip = [str(venv / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    timed("pip install yolozu", [*pip, "--constraint", str(CONSTRAINTS), str(wheel)], where)
    yolozu = str(venv / "bin/yolozu")
    took = timed("yolozu init photos", [yolozu, "init", "photos"], where)
    took += timed("yolozu run", [yolozu, "run"], where)
    photo = next((where / "photos").glob("*.jpg"))
    timed("yolozu predict", [yolozu, "predict", str(photo), "--save-images", "drawn"], where)
    written = {path.name for path in where.iterdir()} - {"photos", "venv"}
    print(f"\ninit and run: {took / 60:.1f} min; written here: {', '.join(sorted(written))}")
    (run,) = (path for path in (where / "runs").iterdir() if path.is_dir() and not path.name.startswith("."))
    for name in EXPECTED:
        path = run / name
        print(f"  {'ok     ' if path.is_file() else 'MISSING'} {path.relative_to(where)}")


def timed(name: str, command: list[str], where: Path) -> float:
    print(f"$ {name}", flush=True)
    started = time.perf_counter()
    done = subprocess.run(command, cwd=where, check=False)
    took = time.perf_counter() - started
    print(f"  -> exit {done.returncode}, {took:.1f} s", flush=True)
    if done.returncode:
        raise SystemExit(done.returncode)
    return took


if __name__ == "__main__":
    main()
