"""The loggers of yolozu itself, by the name in ``loggers``; installed packages may offer others."""

from yolozu.registry import Registry

LOGGERS = Registry(
    "logger",
    {
        "tensorboard": "yolozu.training.loggers.tensorboard:TensorboardLogger",
        "mlflow": "yolozu.training.loggers.mlflow:MlflowLogger",
        "trackio": "yolozu.training.loggers.trackio:TrackioLogger",
    },
)

MODULES = {"tensorboard": "tensorboardX", "mlflow": "mlflow", "trackio": "trackio"}
"""Logger -> the module that its extra (``yolozu[mlflow]``) brings."""
