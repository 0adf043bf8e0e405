"""Train detectors and 6DoF-pose models as a graph of files that can be trusted, repeated and explained.

Names are imported when they are first used, so that ``import yolozu`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "yolozu.api": (
        *("Contract", "PlannedStage", "Run"),
        *("build", "compare", "evaluate", "evaluate_poses", "open_run", "plan", "validate"),
    ),
    "yolozu.app.building": ("BuildError",),
    "yolozu.app.loading": ("Model", "load"),
    "yolozu.errors": (
        *("ContractError", "Finding", "GateFailed", "InputError", "Interrupted", "UsageError", "YolozuError"),
    ),
    "yolozu.planning.receipt": ("Receipt",),
    "yolozu.predict.adapters.base": ("Adapter", "AdapterRequest", "WithoutModel"),
    "yolozu.predict.pictures.predictions": ("Predictions",),
    "yolozu.structures.classes": ("ClassTable",),
    "yolozu.structures.image_record": ("ImageRecord",),
    "yolozu.structures.predictions": ("ImagePredictions",),
    "yolozu.data.images": ("pixels_of", "read_image"),
}
"""Module -> what it gives to the public surface; everything else is private and may change with any version."""

_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

if TYPE_CHECKING:
    from yolozu.api import Contract as Contract
    from yolozu.api import PlannedStage as PlannedStage
    from yolozu.api import Run as Run
    from yolozu.api import build as build
    from yolozu.api import compare as compare
    from yolozu.api import evaluate as evaluate
    from yolozu.api import evaluate_poses as evaluate_poses
    from yolozu.api import open_run as open_run
    from yolozu.api import plan as plan
    from yolozu.api import validate as validate
    from yolozu.app.building import BuildError as BuildError
    from yolozu.app.loading import Model as Model
    from yolozu.app.loading import load as load
    from yolozu.data.images import pixels_of as pixels_of
    from yolozu.data.images import read_image as read_image
    from yolozu.errors import ContractError as ContractError
    from yolozu.errors import Finding as Finding
    from yolozu.errors import GateFailed as GateFailed
    from yolozu.errors import InputError as InputError
    from yolozu.errors import Interrupted as Interrupted
    from yolozu.errors import UsageError as UsageError
    from yolozu.errors import YolozuError as YolozuError
    from yolozu.planning.receipt import Receipt as Receipt
    from yolozu.predict.adapters.base import Adapter as Adapter
    from yolozu.predict.adapters.base import AdapterRequest as AdapterRequest
    from yolozu.predict.adapters.base import WithoutModel as WithoutModel
    from yolozu.predict.pictures.predictions import Predictions as Predictions
    from yolozu.structures.classes import ClassTable as ClassTable
    from yolozu.structures.image_record import ImageRecord as ImageRecord
    from yolozu.structures.predictions import ImagePredictions as ImagePredictions

__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604 - texts, from the table above


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
