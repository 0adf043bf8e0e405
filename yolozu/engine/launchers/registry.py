"""Where workers can run."""

from yolozu.registry import Registry

LAUNCHERS = Registry(
    "launcher",
    {
        "local": "yolozu.engine.launchers.local:LAUNCHER",
    },
)
