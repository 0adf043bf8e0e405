"""Terms of the objective, by their name in ``loss_weights``."""

from yolozu.registry import Registry

LOSSES = Registry(
    "loss",
    {
        "vfl": "yolozu.losses.varifocal:VARIFOCAL",
        "bbox": "yolozu.losses.box:BOX_L1",
        "giou": "yolozu.losses.box:BOX_GIOU",
        "log_z": "yolozu.losses.depth:LOG_DEPTH",
        "rot": "yolozu.losses.rotation:ROTATION",
        "offsets": "yolozu.losses.offset:OFFSETS",
        "k": "yolozu.losses.intrinsics:INTRINSICS",
        "t": "yolozu.losses.translation:TRANSLATION",
    },
)
