"""The 80 classes of COCO 2017 in their order: published detectors share them, and YOLO labels hold only the index.

Source: Lin et al., Microsoft COCO, ECCV 2014; names and ids as in ``instances_val2017.json``.
"""

from __future__ import annotations

from yolozu.structures.classes import ClassTable

COCO_NAMES = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear",
    "hair drier", "toothbrush",
)  # fmt: skip

NEVER_LABELED = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
"""Ids from 1 to 90 of classes that were planned and have no label."""

COCO_CLASSES = ClassTable(COCO_NAMES, tuple(number for number in range(1, 91) if number not in NEVER_LABELED))
