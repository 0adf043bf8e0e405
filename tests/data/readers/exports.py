"""Two pictures of 64×48 px as annotation tools export them: ``a`` with a dog in the middle, ``b`` with nothing.

The task knows a cat too, so that the dog is class 1 wherever the labels name it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.data.builders import write_file, write_image

SIZE = "<size><width>64</width><height>48</height><depth>3</depth></size>"
DOG = {"xmin": 16, "ymin": 18, "xmax": 48, "ymax": 30}
SHAPE = '<box label="dog" source="manual" occluded="0" xtl="16" ytl="18" xbr="48" ybr="30" z_order="0"></box>'
RESULT = {
    "id": "x1",
    "type": "rectanglelabels",
    "from_name": "label",
    "to_name": "image",
    "original_width": 64,
    "original_height": 48,
    "value": {"x": 25, "y": 37.5, "width": 50, "height": 25, "rotation": 0, "rectanglelabels": ["dog"]},
}


def voc_object(name: str = "dog", more: str = "", **box: Any) -> str:
    sides = "".join(f"<{side}>{value}</{side}>" for side, value in {**DOG, **box}.items())
    return f"<object><name>{name}</name>{more}<bndbox>{sides}</bndbox></object>"


def write_voc(
    root: Path, *objects: str, size: str = SIZE, pictures: str = "JPEGImages", labels: str = "Annotations"
) -> Path:
    """The XML files; the class table needs a cat, which is a difficult object where none are given."""
    for seed, name in enumerate("ab"):
        write_image(root / pictures / f"{name}.png", seed=seed)
    inside = "".join(objects) or voc_object()
    write_file(root / labels / "a.xml", f"<annotation><filename>a.png</filename>{size}{inside}</annotation>")
    write_file(root / "classes.txt", "cat\ndog\n")
    return root


def write_cvat(root: Path, *shapes: str, more: str = "", size: str = 'width="64" height="48"') -> Path:
    """``annotations.xml`` and ``images/``."""
    for seed, name in enumerate("ab"):
        write_image(root / f"images/{name}.png", seed=seed)
    labels = "".join(f"<label><name>{name}</name><color>#ff0000</color></label>" for name in ("cat", "dog"))
    inside = "".join(shapes) or SHAPE
    write_file(
        root / "annotations.xml",
        f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta><task><labels>{labels}'
        f'</labels></task></meta><image id="0" name="a.png" {size}>{inside}</image>'
        f'<image id="1" name="b.png" width="64" height="48"></image>{more}</annotations>',
    )
    return root


def write_label_studio(root: Path, *results: Any, address: str = "/data/upload/1/0a1b2c3d-a.png") -> Path:
    """``project.json`` beside the pictures that were uploaded."""
    for seed, name in enumerate("ab"):
        write_image(root / f"photos/{name}.png", seed=seed)
    found = list(results) or [RESULT]
    tasks = [
        {"id": 1, "annotations": [{"id": 1, "was_cancelled": False, "result": found}], "data": {"image": address}},
        {"id": 2, "annotations": [], "data": {"image": "/data/local-files/?d=photos/b.png"}},
    ]
    write_file(root / "project.json", json.dumps(tasks))
    write_file(root / "classes.txt", "cat\ndog\n")
    return root
