"""The wheel: what is in it, and that it is enough. `.ci/wheel` does the same with an environment of its own."""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("setuptools") is None, reason="setuptools, which builds it, is missing"
    ),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout, built without a network from a copy: setuptools writes beside the sources."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in ("yolozu", "configs"):
        shutil.copytree(REPOSITORY / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", build, str(place)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = place.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The content of the wheel in a directory of its own, as pip would lay it."""
    place = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(place)
    return place


def test_it_holds_every_file_of_the_package_and_every_contract_that_is_shown(installed):
    package = [path for path in (REPOSITORY / "yolozu").rglob("*") if "__pycache__" not in path.parts]
    wanted = {path.relative_to(REPOSITORY / "yolozu") for path in package if path.is_file()}
    wanted -= {path for path in wanted if path.parts[0] == "configs"}  # followed as a link by some Pythons only
    wanted |= {path.relative_to(REPOSITORY) for path in (REPOSITORY / "configs").glob("*/*.yaml")}
    held = {path.relative_to(installed / "yolozu") for path in (installed / "yolozu").rglob("*") if path.is_file()}
    assert held == wanted


def test_it_holds_each_text_once(installed):
    texts = [path.read_bytes() for path in (installed / "yolozu").rglob("*.yaml")]
    assert len(texts) == len(set(texts))


def test_a_directory_begins_with_it(installed, tmp_path):
    def run(*words):
        environment = os.environ | {"PYTHONPATH": str(installed)}
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert Path(run("-c", "import yolozu; print(yolozu.__file__)").strip()).is_relative_to(installed)
    run("-m", "yolozu", "init", "--configs")
    assert run("-m", "yolozu", "contract", "validate", "exp.yaml").startswith("exp.yaml: ok")
    example = "configs/examples/coco128.yaml"
    assert run("-m", "yolozu", "contract", "validate", example).startswith(f"{example}: ok")
    assert "validate_predictions" in run("-m", "doit", "list")
    assert run("-m", "yolozu", "plan", "run_id=first", "config=exp.yaml").startswith("first: exp.yaml\n")
