"""Whoever follows the sentences of an exported file in another language gets the same numbers.

What stands here knows neither yolozu nor Pillow's resampling: it does, one after another, what the rules of
`yolozu.artifacts.onnx_recipe` say.
"""

from __future__ import annotations

from math import floor, trunc

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.export.test_file_alone import pixels
from tests.fixtures.exported import CLASSES
from yolozu.artifacts.onnx_recipe import RECIPE
from yolozu.data.detections import on_original_image
from yolozu.data.placement import Placement
from yolozu.data.preprocess import Preprocess
from yolozu.model.decode import decode_detections
from yolozu.structures.image_record import ImageRecord

WORDS = {part: {name: value for name, value in told.items() if name != "rules"} for part, told in RECIPE.items()}


def place(w, h, W, H):
    s = min(W / w, H / h)
    pad_x, pad_y = floor((W - w * s) / 2 + 1e-6), floor((H - h * s) / 2 + 1e-6)
    n_x, n_y = floor(w * s + 1e-6), floor(h * s + 1e-6)
    part_w = min(w, n_x / s) if n_x else w
    part_h = min(h, n_y / s) if n_y else h
    return s, (pad_x, pad_y), (max(n_x, 1), max(n_y, 1)), (part_w, part_h)


def resampled(levels, n, part):
    """``n`` rows of the first ``part`` rows of a picture, each made of the rows around its middle."""
    a = len(levels)
    if n == a and part == a:
        return levels
    r = float(np.float32(part)) / n
    f = max(r, 1.0)
    whole = np.zeros((n, a), np.int64)
    for i in range(n):
        c = (i + 0.5) * r
        among = range(max(0, trunc(c - f + 0.5)), min(a, trunc(c + f + 0.5)))
        weights = [max(0.0, 1.0 - abs(j - c + 0.5) * (1 / f)) for j in among]
        whole[i, among] = [trunc(0.5 + weight / sum(weights) * 2**22) for weight in weights]
    summed = np.tensordot(whole, levels.astype(np.int64), 1)
    return np.minimum((2**21 + summed) >> 22, 255).astype(np.uint8)


def resized(picture, n_x, n_y, part_w, part_h):
    def in_x(levels):
        return resampled(levels.swapaxes(0, 1), n_x, part_w).swapaxes(0, 1)

    def in_y(levels):
        return resampled(levels, n_y, part_h)

    h, w = picture.shape[:2]
    return in_x(in_y(picture)) if h - n_y > 2 * max(w - n_x, 0) else in_y(in_x(picture))


def network_input(picture, W, H, fill, spec):
    h, w = picture.shape[:2]
    _, (pad_x, pad_y), (n_x, n_y), (part_w, part_h) = place(w, h, W, H)
    canvas = np.full((H, W, 3), fill, np.uint8)
    canvas[pad_y : pad_y + n_y, pad_x : pad_x + n_x] = resized(picture, n_x, n_y, part_w, part_h)
    values = canvas.astype(np.float32) * np.float32(spec["scale"]) - np.float32(spec["mean"])
    return (values / np.float32(spec["std"])).transpose(2, 0, 1)[None]


def detections(logits, boxes, sizes, threshold, most):
    w, h, W, H = sizes
    s, (pad_x, pad_y), _, _ = place(w, h, W, H)
    found = []
    for query, row in enumerate(logits.tolist()):
        for index, logit in enumerate(row):
            found.append((1 / (1 + np.exp(-logit)), query, index))
    found = [one for one in sorted(found, key=lambda one: (-one[0], one[1], one[2])) if one[0] >= threshold][:most]
    rows = []
    for score, query, index in found:
        cx, cy, bw, bh = boxes[query].tolist()
        x, y, half_w, half_h = (cx * W - pad_x) / s, (cy * H - pad_y) / s, bw * W / s / 2, bh * H / s / 2
        x0, x1 = (min(max(edge, 0), w) for edge in (x - half_w, x + half_w))
        y0, y1 = (min(max(edge, 0), h) for edge in (y - half_h, y + half_h))
        if x1 > x0 and y1 > y0:
            rows.append((CLASSES.category_ids[index], score, x0, y0, x1, y1))
    return np.array(rows).reshape(-1, 6)


sides = st.integers(1, 160)
inputs = st.integers(1, 3).map(lambda cells: 32 * cells)


@settings(deadline=None, max_examples=60)
@example(640, 479, 96, 96, 114)
@example(1, 1, 96, 64, 0)
@example(1, 500, 96, 64, 114)
@example(3, 7, 160, 32, 7)
@example(150, 400, 64, 64, 7)
@example(80, 400, 96, 64, 7)
@given(w=sides, h=sides, W=inputs, H=inputs, fill=st.integers(0, 255))
def test_the_sentences_give_the_network_s_input_to_the_bit(w, h, W, H, fill):
    spec = Preprocess(H, W, fill)
    picture = pixels(w, h)
    expected = spec.to_network(spec.letterbox(picture)[0][None])
    assert np.array_equal(network_input(picture, W, H, fill, spec.to_json()), expected)


@example(640, 479, 96, 96, 0)
@given(w=st.integers(1, 4000), h=st.integers(1, 4000), W=inputs, H=inputs, seed=st.integers(0, 9))
def test_the_sentences_give_the_detections(w, h, W, H, seed):
    random = np.random.default_rng(seed)
    logits = random.integers(-8, 4, (12, 3)).astype(np.float32)  # whole numbers: many are equal
    boxes = random.random((12, 4), dtype=np.float32)
    told = WORDS["detections"]
    limits = {"score_threshold": told["score_threshold"], "max_detections": 20}
    (raw,) = decode_detections({"pred_logits": logits[None], "pred_boxes": boxes[None]}, **limits)
    none = np.empty(0)
    record = ImageRecord("p", None, w, h, "", none.astype(np.int64), none.reshape(0, 4), none.astype(bool), none)
    own = on_original_image(record, Placement.letterbox(w, h, W, H), CLASSES, raw)
    center, half = own.boxes_cxcywh[:, :2] * (w, h), own.boxes_cxcywh[:, 2:] * (w, h) / 2
    expected = np.column_stack([own.class_ids, own.scores, center - half, center + half])
    found = detections(logits, boxes, (w, h, W, H), told["score_threshold"], 20)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max(initial=0) <= 1e-9 * max(w, h)


def test_the_words_for_programs_are_what_was_followed():
    letterbox = WORDS["letterbox"]
    assert (letterbox["epsilon_px"], letterbox["weight_bits"], letterbox["least_size_px"]) == (1e-6, 22, 1)
    assert (letterbox["half_pixel_centers"], letterbox["antialias"], letterbox["filter"]) == (True, True, "bilinear")
