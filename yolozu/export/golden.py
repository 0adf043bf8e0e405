"""Golden vectors of an exported file: pictures made of whole numbers, and what ONNX Runtime makes of each.

They show a program in another language whether it reads, letterboxes and decodes as the file says. No picture of any
data set is among them.
"""

# Shapes: B images, H and W of the network input or of a picture in px.

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yolozu.artifacts.digest import digest_file
from yolozu.artifacts.golden_vectors import (
    GoldenDetection,
    GoldenInput,
    GoldenPicture,
    GoldenVectors,
    Tolerances,
    write_golden,
)
from yolozu.data.detections import on_original_image, with_camera
from yolozu.data.images import read_image
from yolozu.data.placement import Placement
from yolozu.data.preprocess import Preprocess
from yolozu.model.decode import decode_detections
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.structures.image_record import ImageRecord
from yolozu.structures.predictions import ImagePredictions
from yolozu.system import compute_threads

MOST = 20
"""Detections of a picture that are listed."""

TOLERANCES = Tolerances(score=1e-4, box=1e-4, R=1e-3, t=1e-3)


@dataclass(frozen=True)
class Synthetic:
    """A picture to be made.

    Attributes:
        name: of its file, without ``.png``.
        kind: what is odd about it.
        size: width and height in px.
        channels: 1, 3 or 4.
        bits: of a level, 8 or 16.
    """

    name: str
    kind: str
    size: tuple[int, int]
    channels: int = 3
    bits: int = 8


def synthetic_pictures(preprocess: Preprocess) -> Iterator[Synthetic]:
    """Pictures that shrink and that grow on the way into the network input, and of every kind of PNG."""
    width, height = preprocess.width, preprocess.height
    yield Synthetic("wide", "wider than the network input", (_odd(width * 4 / 3), _odd(height / 2)))
    yield Synthetic("tall", "made lower before it is made narrower", (_odd(width / 3), _odd(height * 5 / 4)))
    yield Synthetic("small", "made larger", (37, 23))
    yield Synthetic("alpha", "with transparency", (47, 59), channels=4)
    yield Synthetic("gray16", "gray of 16 bits", (53, 41), channels=1, bits=16)


def pixels_of_integers(picture: Synthetic) -> NDArray[np.unsignedinteger]:
    """(H, W, C) levels, or (H, W) of gray: blocks of 3 by 5 px whose levels follow from their place alone."""
    width, height = picture.size
    y, x, c = np.meshgrid(np.arange(height) // 5, np.arange(width) // 3, np.arange(picture.channels), indexing="ij")
    levels = (x * 7 + y * 13 + c * 59 + x * y % 31 * 5) % 256
    if picture.bits == 16:
        levels = levels * 256 + (x * 101 + y * 57) % 256
    return np.squeeze(levels.astype(np.uint16 if picture.bits == 16 else np.uint8))


def write_golden_vectors(onnx_path: Path, directory: Path) -> GoldenVectors:
    """Make the pictures, and write them and ``golden.json`` into ``directory``, which there is not yet.

    Args:
        onnx_path: exported file.
        directory: where they go.

    Raises:
        InputError: the file cannot be used, or what it gives of a picture cannot be decoded (YZ403, YZ620).
    """
    network = OnnxNetwork(onnx_path, threads=compute_threads())
    preprocess = Preprocess.from_json(network.metadata.preprocess, where=str(onnx_path))
    directory.mkdir(parents=True)
    pictures = []
    for picture in synthetic_pictures(preprocess):
        path = directory / f"{picture.name}.png"
        Image.fromarray(pixels_of_integers(picture)).save(path)
        pictures.append(_golden(path, picture, network, preprocess))
    golden = GoldenVectors(
        onnx_sha256=digest_file(onnx_path), onnxruntime=network.version, tolerances=TOLERANCES, pictures=pictures
    )
    write_golden(directory, golden)
    return golden


def _golden(path: Path, picture: Synthetic, network: OnnxNetwork, preprocess: Preprocess) -> GoldenPicture:
    canvas_HW3, placement = preprocess.letterbox(read_image(path))
    images_B3HW = preprocess.to_network(canvas_HW3[None])
    outputs = network(images_B3HW)
    (candidates,) = decode_detections(outputs, score_threshold=0.0, max_detections=MOST + 1)
    threshold = widest_gap(candidates.scores)
    (raw,) = decode_detections(outputs, score_threshold=threshold, max_detections=MOST)
    width, height = picture.size
    camera = np.array([1.25 * width, 1.25 * width, width / 2, height / 2]) if network.metadata.has_pose else None
    record = _record(path, picture) if camera is None else with_camera(_record(path, picture), camera)
    found = on_original_image(record, placement, network.metadata.classes, raw)
    return GoldenPicture(
        file=path.name,
        kind=picture.kind,
        width=width,
        height=height,
        camera=None if camera is None else camera.tolist(),
        input=_input(canvas_HW3, images_B3HW, placement),
        score_threshold=threshold,
        detections=list(_detections(found, width, height)),
    )


def widest_gap(scores: NDArray[np.float64]) -> float:
    """The middle of the widest gap between two neighbours, so that no program is on the other side by a rounding.

    Args:
        scores: (N,) descending; after the last of fewer than `MOST` + 1 comes 0.
    """
    padded = scores if len(scores) > MOST else np.append(scores, 0.0)
    place = int(np.argmax(padded[:-1] - padded[1:]))
    return float((padded[place] + padded[place + 1]) / 2)


def _input(canvas_HW3: NDArray[np.uint8], images_B3HW: NDArray[np.float32], placement: Placement) -> GoldenInput:
    height, width = canvas_HW3.shape[:2]
    left, top = int(placement.pad_x_px), int(placement.pad_y_px)
    right, bottom = (width - left, height - top)
    places = [(row, column) for row in (top, height // 2, bottom - 1) for column in (left, width // 2, right - 1)]
    return GoldenInput(
        pad_px=[left, top],
        size_px=list(placement.shown_px),
        levels_sha256=hashlib.sha256(canvas_HW3.tobytes()).hexdigest(),
        images_sha256=hashlib.sha256(images_B3HW.astype("<f4").tobytes()).hexdigest(),
        samples=[[row, column, *canvas_HW3[row, column].tolist()] for row, column in places],
    )


def _record(path: Path, picture: Synthetic) -> ImageRecord:
    none, (width, height) = np.empty(0), picture.size
    return ImageRecord(
        image=path.name,
        path=path,
        width=width,
        height=height,
        sha256="",
        class_indices=none.astype(np.int64),
        boxes_cxcywh=none.reshape(0, 4),
        is_crowd=none.astype(np.bool_),
        areas_px=none,
    )


def _detections(found: ImagePredictions, width: int, height: int) -> Iterator[GoldenDetection]:
    sides = np.array([width, height])
    center, half = found.boxes_cxcywh[:, :2] * sides, found.boxes_cxcywh[:, 2:] * sides / 2
    corners = np.concatenate([center - half, center + half], axis=1)
    R, t = found.poses.get("R"), found.poses.get("t_xyz")
    for row in range(len(found.scores)):
        yield GoldenDetection(
            class_id=int(found.class_ids[row]),
            score=float(found.scores[row]),
            box_xyxy_px=corners[row].tolist(),
            R=None if R is None else R[row].tolist(),
            t_m=None if t is None else t[row].tolist(),
        )


def _odd(side: float) -> int:
    return int(side) | 1
