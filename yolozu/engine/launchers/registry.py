"""Where workers can run."""

from yolozu.registry import Registry

LAUNCHERS = Registry(
    "launcher",
    {
        "local": "yolozu.engine.launchers.local:LAUNCHER",
        "ray": "yolozu.engine.launchers.ray:LAUNCHER",
        "slurm": "yolozu.engine.launchers.slurm:LAUNCHER",
    },
)
