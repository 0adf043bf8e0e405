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

POSE_HEADS = Registry(
    "pose head",
    {
        "log_z": "yolozu.model.heads.depth:DepthHead",
        "rot6d": "yolozu.model.heads.rotation:RotationHead",
        "offsets": "yolozu.model.heads.offset:OffsetHead",
        "log_sigma_z": "yolozu.model.heads.uncertainty:LogSigmaHead",
        "log_sigma_rot": "yolozu.model.heads.uncertainty:LogSigmaHead",
    },
)
"""Output -> `PoseHead` built from `HeadSizes`, mapping queries (..., D) and their boxes to (..., K)."""
