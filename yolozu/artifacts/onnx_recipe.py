"""What an exported file tells of the way from a picture to the network's input, and from its outputs to detections.

Numbers and words that programs can read, and sentences for people. `tests/export/test_file_alone.py` predicts with
nothing else and gets what yolozu gets.
"""

from __future__ import annotations

from typing import Any

EPSILON_PX = 1e-6
"""Edges this near to a pixel border are on it."""

IMAGE: dict[str, Any] = {
    "orientation": "exif",
    "alpha": "dropped",
    "gray": "repeated",
    "palette": "looked up",
    "16_bit": "upper 8 bits",
    "32_bit": "refused",
    "rules": [
        "The picture is turned as its EXIF orientation (tag 274) asks; w and h are its sides after that.",
        "Transparency is dropped and the colors stay as they are; gray is repeated in three channels.",
        "Of 16 bits the upper 8 count, of 12 in a TIFF the upper 8, too; 32 bits have no known range and are refused.",
        "Everything else becomes RGB as Pillow's convert('RGB') does it.",
    ],
}
"""How a file becomes pixels."""

LETTERBOX: dict[str, Any] = {
    "scale": "min(W / w, H / h)",
    "epsilon_px": EPSILON_PX,
    "padding": "floor",
    "size": "floor",
    "least_size_px": 1,
    "filter": "bilinear",
    "antialias": True,
    "crop": "size / scale",
    "rules": [
        "W and H are the sides of the network input, s = min(W / w, H / h); s, w s and h s are not rounded.",
        "pad_x = floor((W - w s) / 2 + 1e-6) columns are left free at the left, pad_y = floor((H - h s) / 2 + 1e-6) "
        "rows above.",
        "Then come n_x = floor(w s + 1e-6) columns and n_y = floor(h s + 1e-6) rows of the picture: only pixels that "
        "it covers wholly. They show its part from (0, 0) to (min(w, n_x / s), min(h, n_y / s)), in px.",
        "Where n_x is 0 it is 1, and shows the whole width; n_y likewise.",
        "The part is resampled to n_x by n_y as by Pillow's resize((n_x, n_y), BILINEAR, box=part): a triangle filter, "
        "wider by as much as the picture shrinks, each channel rounded to 8 bits. A picture that fits as it is, is "
        "not resampled.",
        "All other pixels have the level that preprocess.fill says.",
        "images = (pixel * preprocess.scale - mean) / std as float32, channels in the order of preprocess.color, laid "
        "out (batch, channel, row, column).",
    ],
}
"""How pixels become network input."""

DETECTIONS: dict[str, Any] = {
    "score": "sigmoid",
    "pairs": "query x class",
    "score_threshold": 0.001,
    "max_detections": 300,
    "suppression": "none",
    "clip": "picture",
    "empty_boxes": "dropped",
    "rules": [
        "Every pair of a query and a class is a candidate; its score is the sigmoid of the logit.",
        "Candidates with score >= score_threshold stay, of these the max_detections best; equal scores in the order of "
        "queries, then of classes. Both numbers are yolozu's defaults and free to choose.",
        "There is no non-maximum suppression.",
        "A class index stands for the row of that index in classes; its id is the category.",
        "A box (cx, cy, bw, bh) has its center at ((cx W - pad_x) / s, (cy H - pad_y) / s) px of the picture and the "
        "sides bw W / s and bh H / s.",
        "Boxes are clipped to the picture (0 to w, 0 to h); what has no area then is dropped, after the cut to "
        "max_detections.",
    ],
}
"""How outputs become detections."""

RECIPE = {"image": IMAGE, "letterbox": LETTERBOX, "detections": DETECTIONS}
"""Property -> what it says; files of earlier versions have none of it, and mean the same."""
