"""What the guides add to yolozu, added to a copy of it to the letter."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGES = ("docs/how-to/extend.md", "docs/backbones.md")
NEW = re.compile(r"^`([\w/]+\.py)`:\n\n```python\n(.*?)```", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"^In `([\w/]+\.py)`, below `([^`]*)`\n\n```python\n(.*?)```", re.DOTALL | re.MULTILINE)
CONTRACT = """\
config_version: 1
dataset_root: synthetic
seed: 0
ddp: false
amp: none
max_steps: 2
batch_size: 2
image_size: 64
synth_images: 4
synth_val_images: 4
device: cpu
optimizer: lion
class_counts: true
loss_weights: {diou: 2.0}
require: {within_10deg_10cm: ">= 0"}
scenarios: none
model:
  num_queries: 20
  backbone: {name: plain_cnn, args: {width_mult: 0.25}}
  projector: {d_model: 32}
  encoder: {num_heads: 4, ffn_dim: 32}
  decoder: {num_layers: 1, num_heads: 4, ffn_dim: 32}
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """``run(*command)``: its output in a copy of the project to which the guides' files and lines were added."""
    copy = tmp_path_factory.mktemp("extended")
    for name in ("yolozu", "tests", "docs", "contracts"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "dodo.py"):
        shutil.copy(REPOSITORY / name, copy / name)
    for page in PAGES:
        text = (REPOSITORY / page).read_text()
        for path, block in NEW.findall(text):
            (copy / path).write_text(block)
        for path, above, block in LINE.findall(text):
            (copy / path).write_text(_with_line(copy / path, above, block))
    (copy / "exp.yaml").write_text(CONTRACT)

    def run(*command):
        environment = {**os.environ, "PYTHONPATH": str(copy)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=copy, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(sys.executable, "-m", "yolozu", "contract", "schema", "--write")
    for made in ("schemas", "effects"):
        run(sys.executable, "-m", f"docs.generate.{made}", "--write")
    return run


def _with_line(path, above, block):
    lines = path.read_text().splitlines(keepends=True)
    (place,) = (number for number, line in enumerate(lines) if above in line)
    indent = " " * (len(lines[place]) - len(lines[place].lstrip()))
    gap = "\n" if lines[place].lstrip().startswith('"""') else ""
    return "".join([*lines[: place + 1], gap, textwrap.indent(textwrap.dedent(block), indent), *lines[place + 1 :]])


def test_the_guides_show_two_new_files_and_a_line_for_a_loss():
    text = (REPOSITORY / PAGES[0]).read_text()
    assert [path for path, _ in NEW.findall(text) if "diou" in path] == [
        "yolozu/losses/diou.py",
        "tests/losses/test_diou.py",
    ]
    assert [path for path, _, _ in LINE.findall(text)] == [
        "yolozu/losses/registry.py",
        "yolozu/contract/sections/losses.py",
        "yolozu/optim/registry.py",
        "yolozu/evaluation/pose/registry.py",
        "yolozu/contract/sections/run.py",
        "yolozu/contract/sections/run.py",
        "yolozu/stages/registry.py",
    ]


@pytest.mark.slow
def test_all_rules_and_the_registries_tests_hold_with_them(extended):
    tests = (
        *("tests/test_architecture.py", "tests/test_schemas.py", "tests/test_effects.py", "tests/losses"),
        *("tests/optim", "tests/stages/test_class_counts.py", "tests/stages/test_registry.py"),
        *("tests/evaluation/pose/test_metrics.py", "tests/model/backbones/test_registry.py"),
        *("tests/contract/sections", "tests/contract/strict", "tests/contract/test_loader.py"),
        *("tests/cli/test_flags.py", "tests/cli/test_seed_flags.py", "tests/planning/test_compiler.py"),
    )
    chosen = "not slow and (not backbones or plain_cnn)"
    extended(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", "-k", chosen, *tests)
    extended("ruff", "check", ".")
    extended("ruff", "format", "--check", ".")


@pytest.mark.slow
def test_a_contract_that_uses_them_is_built_and_is_then_up_to_date(extended):
    assert "ok" in extended(sys.executable, "-m", "yolozu", "contract", "validate", "exp.yaml")
    extended(sys.executable, "-m", "yolozu", "run", "exp.yaml", "run_id=first")
    pose = json.loads(extended("cat", "runs/first/reports/eval_pose.json"))
    assert "within_10deg_10cm" in pose["metrics"]
    assert json.loads(extended("cat", "runs/first/reports/class_counts.json"))["classes"]
    planned = extended(sys.executable, "-m", "yolozu", "plan", "exp.yaml", "run_id=first").splitlines()
    assert [line.split()[0] for line in planned[-2:]] == ["class_counts", "report"]
    assert all(line.endswith("up to date") for line in planned[1:])
