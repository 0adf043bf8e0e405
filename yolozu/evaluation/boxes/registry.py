"""Implementations of the COCO protocol."""

from yolozu.registry import Registry

ENGINES = Registry(
    "evaluation engine",
    {
        "hotcoco": "yolozu.evaluation.boxes.engines.hotcoco_engine:evaluate",
        "pycocotools": "yolozu.evaluation.boxes.engines.pycocotools_engine:evaluate",
    },
)
"""Each is a function of `CocoProblem` and gives `Curves`; all give the same numbers."""
