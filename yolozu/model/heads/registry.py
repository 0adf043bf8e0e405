"""What is predicted from each query, by name of the output."""

from yolozu.registry import Registry

HEADS = Registry(
    "head",
    {
        "logits": "yolozu.model.heads.classification:ClassificationHead",
        "boxes": "yolozu.model.heads.box:BoxHead",
    },
)
"""Output -> module built from `HeadSizes`, mapping (..., D) to (..., K). Every decoder layer has its own."""
