"""Pose sidecars: ``labels/<split>/<stem>.json`` beside ``<stem>.txt``, one entry of ``instances`` per line of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yolozu.data.labels import InstanceMask, InstancePose, LabeledCamera

if TYPE_CHECKING:
    from pathlib import Path

    from yolozu.data.labels import Instance


def read_sidecar(path: Path, root: Path, instances: tuple[Instance, ...]) -> tuple[tuple[Instance, ...], LabeledCamera | None]:
    document: Any = json.loads(path.read_text(encoding="utf-8"))
    posed = []
    camera = None
    for number, (instance, row) in enumerate(zip(instances, document["instances"], strict=True)):
        K = row["K_gt"]
        camera = LabeledCamera(str(path), (K[0][0], K[1][1], K[0][2], K[1][2]))
        pose = InstancePose(f"{path}: instances[{number}]", tuple(map(tuple, row["R_gt"])), tuple(row["t_gt"]))
        mask = InstanceMask(root / row["mask_path"], row.get("mask_value"))
        posed.append(replace(instance, pose=pose, mask=mask))
    return tuple(posed), camera
