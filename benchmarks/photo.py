"""A photo as a JPEG file to boxes, one at a time: every exported file in every runtime beside plain ONNX Runtime.

    python benchmarks/photo.py --photos DIR --file fp32=model.onnx [--file int8=model.int8.onnx …] [--runtime NAME …]
        [--threads 2] [--rounds 15] [--photos-per-round 4] [--json FILE]

Runtimes are `onnxruntime`, `openvino` and `openvino:bf16`; each pair of a file and a runtime is a process of its own,
bound to the first `--threads` cores, and so is `plain`: the float file in ONNX Runtime as the page "Use an exported
file" does it, with Pillow and NumPy and without yolozu. In a round all of them predict the same photos, one after the
other, in an order that turns; what counts is the ratio to `plain` of the same round, of the clock and of processor
time, as a median over the rounds. Beside them stand what the parts take, and the machine's ceiling: operations a
processor second of a matrix product (NumPy) and of a 3x3 convolution (ONNX Runtime).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Parts = dict[str, float]
    """Part of the way from a file to boxes -> processor seconds."""

PAGE = Path(__file__).parents[1] / "docs/how-to/use-an-exported-file.md"
PLAIN = "plain"
RUNTIMES = ("onnxruntime", "openvino", "openvino:bf16")
WARM_UPS = 3
SCORE_THRESHOLD = 0.25
MATMUL_SIDE = 1024
CONV_CHANNELS, CONV_SIDE = 128, 80


def plain(model: Path, threads: int) -> tuple[Callable[[Path], int], Parts]:
    """A photo's number of detections by the page's own code, with one session for all photos."""
    from yolozu.model.onnx_runtime import silence

    silence()
    import onnxruntime
    from PIL import Image, ImageOps

    page: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0], page)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    recipe = page["told"](session)
    recipe["detections"] = {**recipe["detections"], "score_threshold": SCORE_THRESHOLD}
    names = list(recipe["outputs"])
    parts: Parts = defaultdict(float)

    def predict(photo: Path) -> int:
        with Image.open(photo) as picture:
            w, h = ImageOps.exif_transpose(picture).size
            images = page["network_input"](picture, recipe)
        started = time.process_time()
        outputs = session.run(names, {"images": images})
        parts["model"] += time.process_time() - started
        return len(page["detections"](dict(zip(names, outputs, strict=True)), w, h, recipe))

    return predict, parts


def ours(model: Path, runtime: str) -> tuple[Callable[[Path], int], Parts]:
    """The same with an adapter, and processor time by part."""
    from PIL import Image

    from yolozu.artifacts.digest import digest_file
    from yolozu.data.placement import Placement
    from yolozu.data.preprocess import Preprocess
    from yolozu.model.onnx_network import OnnxNetwork
    from yolozu.model.openvino_network import OpenVinoNetwork
    from yolozu.predict import batches, detect
    from yolozu.predict.adapters.base import AdapterRequest
    from yolozu.predict.adapters.opening import open_adapter
    from yolozu.progress import SilentProgress

    name, _, reduced = runtime.partition(":")
    parts: Parts = defaultdict(float)

    def timed(part: str, function: Callable[..., Any], clock: Callable[[], float]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            started = clock()
            try:
                return function(*args, **kwargs)
            finally:
                parts[part] += clock() - started

        return call

    request = AdapterRequest(
        classes=None,
        progress=SilentProgress(),
        onnx=model,
        batch_size=1,
        score_threshold=SCORE_THRESHOLD,
        inference_precision="bf16" if reduced else "fp32",
    )
    adapter = open_adapter(name, request)
    networks: dict[str, type[OnnxNetwork | OpenVinoNetwork]] = {"onnxruntime": OnnxNetwork, "openvino": OpenVinoNetwork}
    for target, attribute, part, clock in (
        (batches, "pixels_of", "decode", time.thread_time),
        (Placement, "paste", "letterbox", time.thread_time),
        (detect, "decode_detections", "postprocess", time.thread_time),
        (Preprocess, "to_network", "normalize", time.thread_time),
        (networks[name], "__call__", "model", time.process_time),
    ):
        patch.object(target, attribute, timed(part, getattr(target, attribute), clock)).start()
    known: dict[Path, Any] = {}

    def record_of(photo: Path) -> Any:
        if photo not in known:
            with Image.open(photo) as picture:
                known[photo] = unlabeled(photo, *picture.size, digest_file(photo))
        return known[photo]

    return lambda photo: len(adapter.predict([record_of(photo)])[0]), parts


def unlabeled(photo: Path, width: int, height: int, sha256: str) -> Any:
    """A photo of which nothing but its size is known."""
    import numpy as np

    from yolozu.structures.image_record import ImageRecord

    return ImageRecord(
        image=photo.name,
        path=photo,
        width=width,
        height=height,
        sha256=sha256,
        class_indices=np.empty(0, dtype=np.int64),
        boxes_cxcywh=np.empty((0, 4)),
        is_crowd=np.empty(0, dtype=np.bool_),
        areas_px=np.empty(0),
        poses=None,
    )


def serve(setting: str, model: Path, threads: int) -> None:
    """Predict the photos of each line read, and answer with seconds; ends with the input."""
    bind(threads)
    predict, parts = plain(model, threads) if setting == PLAIN else ours(model, setting)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        photos = [Path(word) for word in json.loads(line)]
        parts.clear()
        wall, cpu = time.perf_counter(), time.process_time()
        found = sum(predict(photo) for photo in photos)
        done = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "found": found}
        per_photo = {part: seconds / len(photos) for part, seconds in parts.items()}
        print(json.dumps({**done, "parts": per_photo}), flush=True)


def bind(threads: int) -> None:
    """Have only so many cores, as whatever counts them will see."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


class Server:
    """A process of one setting."""

    def __init__(self, setting: str, model: Path, threads: int) -> None:
        words = [sys.executable, __file__, "--serve", setting, "--file", f"x={model}", "--threads", str(threads)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def __call__(self, photos: Sequence[Path]) -> dict[str, Any]:
        """Seconds, processor seconds, detections and the parts of these photos."""
        assert self._process.stdin is not None
        print(json.dumps([str(photo) for photo in photos]), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = self._answer()
        return answer

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a process ended with {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def ceiling(threads: int) -> dict[str, float]:
    """Operations per processor second of a matrix product and of a convolution, in units of 10⁹."""
    import numpy as np
    import onnx

    from yolozu.model.onnx_runtime import run_session, session_of

    bind(threads)
    side = np.random.default_rng(0).random((MATMUL_SIDE, MATMUL_SIDE), dtype=np.float32)
    value, float32 = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    shape = [1, CONV_CHANNELS, CONV_SIDE, CONV_SIDE]
    weights = np.random.default_rng(0).random((CONV_CHANNELS, CONV_CHANNELS, 3, 3), dtype=np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])],
        "conv",
        [value("x", float32, shape)],
        [value("y", float32, shape)],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    session = session_of(model.SerializeToString(), device="cpu", threads=threads, where="conv")
    inputs = {"x": np.random.default_rng(1).random(shape, dtype=np.float32)}
    multiplied = 2.0 * MATMUL_SIDE**3
    convolved = 2.0 * CONV_CHANNELS**2 * 9 * CONV_SIDE**2
    return {
        "matmul": multiplied / 1e9 / seconds_of(lambda: side @ side),
        "conv": convolved / 1e9 / seconds_of(lambda: run_session(session, ["y"], inputs, where="conv")),
    }


def seconds_of(work: Callable[[], Any], repeats: int = 10) -> float:
    """Least processor time of a call."""
    work()
    times = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def measured(servers: dict[str, Server], photos: Sequence[Path], rounds: int, each: int) -> dict[str, list[Any]]:
    """Setting -> what each round gave; the order turns by one a round."""
    rows: dict[str, list[Any]] = {name: [] for name in servers}
    names = list(servers)
    for name in names:
        servers[name]([photos[n % len(photos)] for n in range(WARM_UPS)])
    for number in range(rounds):
        chosen = [photos[(number * each + n) % len(photos)] for n in range(each)]
        for name in names[number % len(names) :] + names[: number % len(names)]:
            rows[name].append(servers[name](chosen))
    return rows


def summary(rows: dict[str, list[Any]], each: int) -> Iterator[dict[str, Any]]:
    """A row for each setting."""
    for name, found in rows.items():
        ratios = {
            clock: statistics.median(one[clock] / other[clock] for one, other in zip(found, rows[PLAIN], strict=True))
            for clock in ("wall", "cpu")
        }
        parts = {
            part: 1e3 * statistics.median(one["parts"].get(part, 0.0) for one in found)
            for part in dict.fromkeys(part for one in found for part in one["parts"])
        }
        yield {
            "setting": name,
            "wall_ms": 1e3 * statistics.median(one["wall"] for one in found) / each,
            "cpu_ms": 1e3 * statistics.median(one["cpu"] for one in found) / each,
            "wall_ratio": ratios["wall"],
            "cpu_ratio": ratios["cpu"],
            "found": sum(one["found"] for one in found),
            "parts_cpu_ms": parts,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--file", action="append", required=True, help="NAME=PATH; fp32 is what plain takes")
    parser.add_argument("--runtime", action="append", choices=RUNTIMES)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--photos-per-round", type=int, default=4)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    args = parser.parse_args()
    files = {name: Path(path) for name, _, path in (word.partition("=") for word in args.file)}
    if args.serve is not None:
        serve(args.serve, files["x"], args.threads)
        return
    if args.photos is None or "fp32" not in files:
        parser.error("--photos DIR and --file fp32=PATH are needed")
    if missing := [str(path) for path in (args.photos, *files.values()) if not path.exists()]:
        parser.error(f"{', '.join(missing)}: not there")
    photos = sorted(path for path in args.photos.iterdir() if path.suffix.lower() in {".jpg", ".jpeg"})
    if not photos:
        parser.error(f"{args.photos} has no .jpg")
    servers = {PLAIN: Server(PLAIN, files["fp32"], args.threads)}
    for name, path in files.items():
        for runtime in args.runtime or RUNTIMES:
            servers[f"{name}/{runtime}"] = Server(runtime, path, args.threads)
    rows = list(summary(measured(servers, photos, args.rounds, args.photos_per_round), args.photos_per_round))
    for server in servers.values():
        server.close()
    top = ceiling(args.threads)
    for row in rows:
        parts = ", ".join(f"{part} {ms:.1f}" for part, ms in row["parts_cpu_ms"].items())
        print(
            f"{row['setting']:22} {row['wall_ms']:7.1f} ms ({row['wall_ratio']:.2f} of plain), processor "
            f"{row['cpu_ms']:7.1f} ms ({row['cpu_ratio']:.2f}); {row['found']} found; {parts}"
        )
    print(f"ceiling, 10^9 operations a processor second: matmul {top['matmul']:.0f}, 3x3 convolution {top['conv']:.0f}")
    if args.json is not None:
        args.json.write_text(json.dumps({"rows": rows, "ceiling": top, "threads": args.threads}, indent=2))


if __name__ == "__main__":
    main()
