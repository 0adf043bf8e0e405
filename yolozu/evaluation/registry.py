"""Implementations of the COCO protocol."""

from yolozu.registry import Registry

ENGINES = Registry(
    "evaluation engine",
    {
        "hotcoco": "yolozu.evaluation.engines.hotcoco_engine:evaluate",
        "pycocotools": "yolozu.evaluation.engines.pycocotools_engine:evaluate",
    },
)
