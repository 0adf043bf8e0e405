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
        "A JPEG is decoded as libjpeg does by default (exact integer DCT, smooth upsampling of colors); other decoders "
        "may differ by a few levels.",
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
    "half_pixel_centers": True,
    "edges": "renormalized",
    "weight_bits": 22,
    "passes": "horizontal, vertical; the other way round where h - n_y > 2 max(w - n_x, 0)",
    "between_passes": "8 bits",
    "crop": "size / scale",
    "rules": [
        "W and H are the sides of the network input, s = min(W / w, H / h); s, w s and h s are not rounded.",
        "pad_x = floor((W - w s) / 2 + 1e-6) columns are left free at the left, pad_y = floor((H - h s) / 2 + 1e-6) "
        "rows above.",
        "Then come n_x = floor(w s + 1e-6) columns and n_y = floor(h s + 1e-6) rows of the picture: only pixels that "
        "it covers wholly. They show its part from (0, 0) to (min(w, n_x / s), min(h, n_y / s)), in px.",
        "Where n_x is 0 it is 1, and shows the whole width; n_y likewise.",
        "The part is resampled to n_x by n_y as by Pillow's resize((n_x, n_y), BILINEAR, box=part), which the next "
        "five sentences spell out: in one direction, then in the other, each channel alone. The picture is made "
        "narrower or wider first, and where h - n_y > 2 max(w - n_x, 0) lower first. Where n_x is w and the part is w "
        "wide, nothing is done to rows; likewise to columns.",
        "For one direction: the side of the picture is a, that of the part p, rounded to float32, and n pixels are to "
        "come. r = p / n in float64, and f = max(r, 1).",
        "Output pixel i (from 0) has its middle at c = (i + 0.5) r, and is made of the input pixels j from "
        "max(0, trunc(c - f + 0.5)) up to, but without, min(a, trunc(c + f + 0.5)).",
        "Pixel j weighs max(0, 1 - |j - c + 0.5| (1 / f)); the weights are divided by their sum, so that edges are "
        "neither padded nor mirrored.",
        "Each weight becomes a whole number, trunc(0.5 + weight 2^22), and the pixel is floor((2^21 + sum of whole "
        "weight times level) / 2^22), at most 255.",
        "The second direction takes these levels of 8 bits, not numbers between them.",
        "All other pixels have the level that preprocess.fill says.",
        "images = (pixel * preprocess.scale - mean) / std, each step in float32, channels in the order of "
        "preprocess.color, laid out (batch, channel, row, column).",
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
        "Every pair of a query and a class is a candidate; its score is the sigmoid of the logit, in float64.",
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
