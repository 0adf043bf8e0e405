"""Predictions as files: one schema, three layouts, streamed in, checked to the last number."""

from yolozu.artifacts.predictions.check import PredictionsCheck, check_predictions
from yolozu.artifacts.predictions.image_names import KnownImages
from yolozu.artifacts.predictions.load import PredictionsFile, load_predictions, read_predictions
from yolozu.artifacts.predictions.write import write_predictions
from yolozu.structures.predictions import ImagePredictions  # where adapters of release 0.1.0 import it from

__all__ = [
    "ImagePredictions",
    "KnownImages",
    "PredictionsCheck",
    "PredictionsFile",
    "check_predictions",
    "load_predictions",
    "read_predictions",
    "write_predictions",
]
