"""The examples in other languages pass the golden vectors of an exported file; they know its metadata alone.

Each needs ONNX Runtime for its language, which no Python package holds, and is skipped where that is not at hand:

    ONNXRUNTIME_DIR   an unpacked release of ONNX Runtime: ``include`` with the C++ headers, ``lib``
    ONNXRUNTIME_NODE  a directory in which ``npm install onnxruntime-node`` was run
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from yolozu.artifacts.golden_vectors import GOLDEN, read_golden
from yolozu.export.golden import write_golden_vectors

EXAMPLES = Path(__file__).parents[2] / "docs/how-to/other-languages"
QUIET = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}


def directory_of(variable, needed):
    """Where a variable says that something is; the test is skipped where it does not."""
    told = os.environ.get(variable)
    if told is None or not (Path(told) / needed).exists():
        pytest.skip(f"{variable} names no directory with {needed}")
    return Path(told).resolve()


def program(name):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def javascript(tmp_path_factory):
    home = tmp_path_factory.mktemp("javascript")
    (home / "node_modules").symlink_to(
        directory_of("ONNXRUNTIME_NODE", "node_modules/onnxruntime-node") / "node_modules"
    )
    shutil.copy(EXAMPLES / "detect.mjs", home)
    return [program("node"), str(home / "detect.mjs")]


@pytest.fixture(scope="module")
def cpp(tmp_path_factory):
    home = tmp_path_factory.mktemp("cpp") / "detect"
    release, compiler = directory_of("ONNXRUNTIME_DIR", "include/onnxruntime_cxx_api.h"), program("g++")
    looked = [compiler, "-E", "-include", "png.h", "-x", "c++", os.devnull]
    if subprocess.run(looked, check=False, capture_output=True).returncode:
        pytest.skip("libpng's headers are not installed")
    flags = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-isystem", str(release / "include")]
    libraries = ["-L", str(release / "lib"), f"-Wl,-rpath,{release / 'lib'}", "-lonnxruntime", "-lpng"]
    subprocess.run([compiler, *flags, str(EXAMPLES / "detect.cpp"), *libraries, "-o", str(home)], check=True)
    return [str(home)]


@pytest.fixture(scope="module", params=["exported", "exported_pose"])
def files(request, tmp_path_factory):
    """An exported file and its golden vectors."""
    found = request.getfixturevalue(request.param)
    directory = tmp_path_factory.mktemp("vectors") / "golden"
    write_golden_vectors(found.onnx, directory)
    return found.onnx, directory


@pytest.fixture(scope="module", params=["javascript", "cpp"])
def command(request):
    return request.getfixturevalue(request.param)


def run(command, *arguments):
    return subprocess.run([*command, *map(str, arguments)], check=False, env=QUIET, capture_output=True, text=True)


def test_the_example_passes(command, files):
    onnx, directory = files
    done = run(command, onnx, "--golden", directory)
    names = [picture.file for picture in read_golden(directory).pictures]
    assert (done.returncode, done.stdout) == (0, "".join(f"{name}: equal\n" for name in names)), done.stderr


def test_the_example_sees_what_is_wrong(command, files, tmp_path):
    onnx, directory = files
    shutil.copytree(directory, tmp_path / "golden")
    path = tmp_path / "golden" / GOLDEN
    told = json.loads(path.read_text())
    told["pictures"][0]["detections"][0]["score"] += 0.01
    told["pictures"][1]["input"]["samples"][4][2] ^= 1
    told["pictures"][1]["input"]["levels_sha256"] = "0" * 64
    del told["pictures"][2]["detections"][0]
    path.write_text(json.dumps(told))
    done = run(command, onnx, "--golden", tmp_path / "golden")
    assert done.returncode == 1
    assert re.findall(r": (.*)", done.stdout) == [
        "differs in detections", "differs in levels", "differs in detections", "equal", "equal",
    ]  # fmt: skip


def test_c_plus_plus_gets_all_levels(cpp, files):
    onnx, directory = files
    for picture in read_golden(directory).pictures:
        shown = [*cpp, str(onnx), "--levels", str(directory / picture.file)]
        done = subprocess.run(shown, check=True, capture_output=True)
        assert hashlib.sha256(done.stdout).hexdigest() == picture.input.levels_sha256


def test_a_picture_alone_is_predicted(command, files):
    onnx, directory = files
    done = run(command, onnx, directory / "small.png")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) > 100


def test_a_wrong_command_line_says_the_right_one(command):
    done = run(command, "model.onnx")
    assert (done.returncode, done.stderr.startswith("usage: ")) == (2, True)
