"""Optimizers and learning-rate schedules, by the names in ``optimizer`` and ``scheduler``."""

from yolozu.registry import Registry

OPTIMIZERS = Registry(
    "optimizer",
    {
        "adamw": "yolozu.optim.adamw:adamw",
        "sgd": "yolozu.optim.sgd:sgd",
    },
)
"""Each is a function of parameter groups, as torch takes them, and `OptimizerSettings`."""

SCHEDULES = Registry(
    "learning-rate schedule",
    {
        "none": "yolozu.optim.schedules:constant",
        "cosine": "yolozu.optim.schedules:cosine",
        "onecycle": "yolozu.optim.schedules:one_cycle",
        "multistep": "yolozu.optim.schedules:multistep",
    },
)
"""Each is a function of `Schedule` and an optimizer step, and gives the learning rate at that step."""

SCHEDULES_OF_TOTAL = ("cosine", "onecycle")
"""Schedules whose every step depends on the total: a finished run cannot be extended without bending its past."""
