"""What it costs that a file takes pictures: `model.with_processing.onnx` beside yolozu's own way around `model.onnx`.

    python benchmarks/with_processing.py --onnx model.onnx [--size 640x480] [--rounds 40]

One process, one thread, a JPEG of smooth noise that both decode. In a round both ways and the network alone take turns;
what counts is the processor time around the network, as a median of the rounds, and its ratio.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from yolozu.data.detections import on_original_image
from yolozu.data.images import decode_image
from yolozu.data.preprocess import Preprocess
from yolozu.export.processing_parity import ProcessingNetwork, stand_in_cameras
from yolozu.export.with_processing import write_with_processing
from yolozu.model.decode import decode_detections
from yolozu.model.onnx_network import OnnxNetwork
from yolozu.structures.image_record import ImageRecord

if TYPE_CHECKING:
    from collections.abc import Callable


def record_of(width: int, height: int) -> ImageRecord:
    """An image without objects, with a camera."""
    none = np.empty(0)
    bare = ImageRecord(
        "noise.jpg", Path("noise.jpg"), width, height, "", none.astype(np.int64), none.reshape(0, 4),
        none.astype(np.bool_), none,
    )  # fmt: skip
    return stand_in_cameras([bare])[0]


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG of smooth noise."""
    blocks = np.random.default_rng(0).integers(0, 256, (height // 16 + 1, width // 16 + 1, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(blocks).resize((width, height)).save(file, "JPEG", quality=90)
    return file.getvalue()


def ways(onnx_path: Path, processed: Path, width: int, height: int) -> dict[str, Callable[[], object]]:
    """What is timed."""
    network, inside = OnnxNetwork(onnx_path, threads=1), ProcessingNetwork(processed, threads=1)
    preprocess, record = Preprocess.from_json(network.metadata.preprocess), record_of(width, height)
    assert record.poses is not None, "it was given a camera"
    camera = record.poses.K_4 if network.metadata.has_pose else None
    jpeg = jpeg_of(width, height)
    images = preprocess.to_network(preprocess.letterbox(decode_image(jpeg, where="jpeg"))[0][None])

    def own() -> object:
        canvas, placement = preprocess.letterbox(decode_image(jpeg, where="jpeg"))
        outputs = network(preprocess.to_network(canvas[None]))
        (raw,) = decode_detections(outputs, score_threshold=0.001, max_detections=300)
        return on_original_image(record, placement, network.metadata.classes, raw)

    return {
        "decoding": lambda: decode_image(jpeg, where="jpeg"),
        "network": lambda: network(images),
        "own": own,
        "inside": lambda: inside(decode_image(jpeg, where="jpeg"), camera),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as directory:
        processed = Path(directory) / "model.with_processing.onnx"
        write_with_processing(options.onnx, processed)
        timed = ways(options.onnx, processed, width, height)
        rounds: list[dict[str, float]] = []
        for _ in range(options.rounds + 3):
            taken = {}
            for name, way in timed.items():
                started = time.process_time()
                way()
                taken[name] = 1e3 * (time.process_time() - started)
            rounds.append(taken)
    rounds = rounds[3:]
    for name in timed:
        print(f"{name:9} {statistics.median(one[name] for one in rounds):7.2f} ms")
    around = {
        name: statistics.median(one[name] - one["network"] - one["decoding"] for one in rounds)
        for name in ("own", "inside")
    }
    ratio = statistics.median(one["inside"] / one["own"] for one in rounds)
    print(f"around the network and decoding: own {around['own']:.2f} ms, inside {around['inside']:.2f} ms")
    print(f"the whole way inside / own: {ratio:.3f}")


if __name__ == "__main__":
    main()
