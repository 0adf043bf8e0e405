"""The tutorials, walked from top to bottom as a reader would, on less data and for fewer steps."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from tests.fixtures.projects import Project

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(bash|yaml)\n(.*?)^```", re.DOTALL | re.MULTILINE)
NOT_HERE = ("pip ", "python", "source ", "git ", "mkdir ", "./dev ")
"""Lines that are not ours; what they do is there, or is not wanted in a test."""

QUICK = ["max_steps=2", "lr_warmup_steps=0", "batch_size=2", 'require={map50_95: ">= 0"}', "scenarios=none"]


SMALL = [
    "image_size=96", "model.backbone.name=tiny_cnn", "model.projector.d_model=32", "model.encoder.num_heads=2",
    "model.decoder.num_heads=2", "model.decoder.num_layers=1", "model.denoising.num_queries=6", "model.num_queries=12",
]  # fmt: skip
"""A detector that is trained and exported in seconds, where the contract asks for a large one."""


def walk(page, project, *, less=(), without=(), run=()):
    """Do what a page says: write its contracts, type its commands.

    Args:
        page: below docs/.
        project: where.
        less: (text, other text): what to write or type instead, so that it ends soon.
        without: lines that are about things of the reader's.
        run: more keys for a run.

    Returns:
        The commands that were typed; those that a page shows twice, once.
    """
    typed = []
    told = (DOCS / page).read_text()
    for text, other in less:
        assert text in told
        told = told.replace(text, other)
    for kind, block in BLOCK.findall(told):
        if kind == "yaml":
            name = re.match(r"# (\S+\.yaml)\n", block)
            if name is not None:
                (project.root / name[1]).write_text(block)
            continue
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            words = shlex.split(line, comments=True)
            command = shlex.join(words)
            if not words or line.startswith(NOT_HERE) or command in (*without, *typed):
                continue
            done = project.yolozu(*words[1:], *([*QUICK, *run] if words[1] == "run" else []))
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            typed.append(command)
    return typed


def test_installing_ends_with_a_run(tmp_path):
    less = [
        (" max_steps=40 lr_warmup_steps=10", ""),
        ("require='{map50_95: \">= 0\"}'", "synth_images=8 synth_val_images=2"),
    ]
    typed = walk("tutorials/install.md", Project(tmp_path), less=less)
    assert typed[0] == "yolozu --version"
    assert typed[-1] == "yolozu status run_id=exp"
    assert (tmp_path / "runs/exp/exports/model.onnx").is_file()


def test_an_own_object_with_its_pose(tmp_path):
    less = [("--images 400 --val-images 40", "--images 12 --val-images 4"), ("image_size: 160", "image_size: 64"),
            ("num_queries: 30", "num_queries: 12\n  denoising: {num_queries: 6}")]  # fmt: skip
    walk("tutorials/own-object.md", Project(tmp_path), less=less, without=["yolozu data check data/mug"])
    assert (tmp_path / "runs/object/reports/eval_pose.json").is_file()
    assert len(list((tmp_path / "drawn").iterdir())) == 4


def test_own_photos(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(8):
        Image.effect_noise((96, 80), 20 + 20 * number).convert("RGB").save(photos / f"{number}.jpg")
        (photos / f"{number}.txt").write_text(f"{number % 2} 0.5 0.5 0.4 0.3\n")
    (photos / "classes.txt").write_text("cup\nspoon\n")
    typed = walk("how-to/own-photos.md", Project(tmp_path), run=SMALL)
    assert typed[:2] == ["yolozu init photos", "yolozu run exp.yaml"]
    assert (tmp_path / "runs/exp/exports/model.onnx").is_file()
    assert len(list((tmp_path / "drawn").glob("*.jpg"))) == 8
