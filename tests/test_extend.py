"""A name is one line: with its file, everything else follows."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from yolozu.model.backbones.registry import BACKBONES

PACKAGE = Path(__file__).parents[1] / "yolozu"
GUIDE = PACKAGE.parent / "docs/backbones.md"


def test_locations_are_a_module_and_an_attribute():
    assert all(re.fullmatch(r"yolozu(\.\w+)+:\w+", location) for location in map(BACKBONES.location, BACKBONES))
    assert list(BACKBONES) == sorted(BACKBONES)


@pytest.mark.slow
def test_the_guide_s_backbone_needs_its_file_and_one_line(tmp_path):
    """Follows docs/backbones.md to the letter in a copy of the package, and changes nothing else."""
    shutil.copytree(PACKAGE, tmp_path / "yolozu", ignore=shutil.ignore_patterns("__pycache__"))
    file = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    line = re.search(r'^("plain_cnn": ".*",)$', GUIDE.read_text(), re.MULTILINE)
    assert file is not None
    assert line is not None
    (tmp_path / "yolozu/model/backbones/plain_cnn.py").write_text(file.group(1))
    table = tmp_path / "yolozu/model/backbones/registry.py"
    table.write_text(table.read_text().replace("    {\n", f"    {{\n        {line.group(1)}\n", 1))
    (tmp_path / "exp.yaml").write_text("epochs: 1\nimage_size: 320\nmodel: {backbone: {name: plain_cnn, norm: gn}}\n")

    def said(*words):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-m", "yolozu", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert said("contract", "validate", "exp.yaml").startswith("exp.yaml: ok")
    assert (
        "plain_cnn" in json.loads(said("contract", "schema"))["$defs"]["BackboneConfig"]["properties"]["name"]["enum"]
    )
    described = json.loads(said("model", "info", "exp.yaml", "--json"))
    assert described["backbone"] == "plain_cnn"
    assert described["parts"][0]["flops"] > 0
