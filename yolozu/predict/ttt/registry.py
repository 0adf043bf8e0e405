"""Test-time training, by the name in ``ttt_method``."""

from yolozu.registry import Registry

TTT_METHODS = Registry(
    "test-time training method",
    {
        "tent": "yolozu.predict.ttt.tent:Tent",
        "mim": "yolozu.predict.ttt.mim:Mim",
    },
)
