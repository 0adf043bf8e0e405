"""A folder of photos with label files beside them, as a labeling tool leaves it."""

from __future__ import annotations

from pathlib import Path

from tests.data.builders import write_file, write_image


def write_photos(root: Path, count: int = 10, classes: str | None = "cat\ndog\n") -> Path:
    """Pictures of 64×48 px with one box of 32×12 px each, of two classes in turn."""
    for number in range(count):
        write_image(root / f"IMG_{number}.jpg", seed=number)
        write_file(root / f"IMG_{number}.txt", f"{number % 2} .5 .5 .5 .25\n")
    if classes is not None:
        write_file(root / "classes.txt", classes)
    return root
