"""Predictions in other words: between the layouts, between box formats, to and from COCO results."""

from yolozu.artifacts.predictions.convert.convert import Conversion, convert_predictions
from yolozu.artifacts.predictions.convert.numbers import CocoNumbers

__all__ = ["CocoNumbers", "Conversion", "convert_predictions"]
