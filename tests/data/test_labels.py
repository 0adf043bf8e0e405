from __future__ import annotations

import pickle
from pathlib import Path

from yolozu.data.labels import Instance, InstanceMask, InstancePose, LabeledCamera, LabeledImage


def test_an_image_without_label_file_is_told_from_one_without_objects():
    empty = LabeledImage("a.png", Path("a.png"), ())
    assert empty.has_labels
    assert empty != LabeledImage("a.png", Path("a.png"), (), has_labels=False)


def test_labels_travel_between_processes():
    rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    pose, mask = InstancePose("a.json: instances[0]", rows, (0.0, 0.0, 1.0)), InstanceMask(Path("mask.png"), 2)
    instance = Instance("a.txt:1", 0, (0.5, 0.5, 0.1, 0.1), pose=pose, mask=mask)
    image = LabeledImage("a.png", Path("a.png"), (instance,), camera=LabeledCamera("a.json", (1.0, 1.0, 0.5, 0.5)))
    assert pickle.loads(pickle.dumps(image)) == image
