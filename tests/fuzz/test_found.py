"""Inputs that once ended in an internal error or without end, each kept as it was found."""

import json
from contextlib import suppress

import pytest
import torch

from tests.fuzz.judging import judge
from tests.fuzz.targets import RUN, TARGETS, Target, write_project
from yolozu.artifacts.torch_archive import write_archive
from yolozu.training.checkpointing import read_saved

DEEP_LIST, DEEP_MAP = "[" * 200_000, '{"a":' * 200_000
ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)


def described(key):
    """A data.yaml in which ``key`` stands for 9^10 texts."""
    entries = {"path": ".", "train": "images/train", "val": "images/val", "names": "[bolt, nut]", key: "*j"}
    return ALIASES + "".join(f"{name}: {value}\n" for name, value in entries.items())


def changed(path, change):
    def make(project):
        value = json.loads((project / path).read_text())
        change(value)
        return json.dumps(value)

    return make


RECEIPT, REPORT = f"{RUN}/receipts/train.json", f"{RUN}/reports/eval_coco.json"
CAUSES = Target(RECEIPT, ("report finished --output out/page.html",))

FOUND = {
    **{f"aliases in {key}": ("data.yaml", described(key)) for key in ("names", "path", "train", "nc", "kpt_shape")},
    "a deep data.yaml": ("data.yaml", "path: .\ntrain: images/train\nnames: " + "[" * 50_000),
    "a deep row of metrics": ("metrics", f"{DEEP_LIST}\n"),
    "a deep list as a camera": ("camera", DEEP_LIST),
    "a deep map as a camera": ("camera", DEEP_MAP),
    "a receipt that is a text": (CAUSES, '"receipt"'),
    "a key that colors a terminal": (
        "receipt",
        changed(RECEIPT, lambda value: value["spec"]["length"].update({"\x1b[1m": 1})),
    ),
    "a receipt without limits": (CAUSES, changed(RECEIPT, lambda value: value["spec"]["length"].pop("max_steps"))),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return write_project(tmp_path_factory.mktemp("found") / "project")


@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_is_told_in_words(project, name, monkeypatch, capsys):
    monkeypatch.chdir(project)
    target, data = FOUND[name]
    text = data if isinstance(data, str) else data(project)
    judge(project, target if isinstance(target, Target) else TARGETS[target], text.encode(), capsys.readouterr)


def test_what_colors_a_terminal_is_escaped_in_tables(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    judge(project, TARGETS["classes"], b"bo\x1b[31mlt<script>\nnut\x07\n", capsys.readouterr)


BEST, LAST = f"{RUN}/checkpoints/best.pt", f"{RUN}/checkpoints/last.pt"
HEADERS = {
    "a deep header": (BEST, lambda header: header.update(metrics="deep")),
    "an architecture without a map": (BEST, lambda header: header["model_config"].update(backbone="1")),
    "a category that no array numbers": (BEST, lambda header: header["classes"][0].update(id=10**400)),
    "a class without a name": (BEST, lambda header: header["classes"][0].update(name=None)),
    "a state without verdicts": (LAST, lambda header: header["training"]["state"].update(verdicts=[[]])),
    "a state without threads": (LAST, lambda header: header["training"].pop("threads")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HEADERS)
def test_a_checkpoint_with_a_strange_header_is_told_in_words(project, name, monkeypatch, capsys):
    monkeypatch.chdir(project)
    path, change = HEADERS[name]
    payload = torch.load(project / path, weights_only=True)
    header = json.loads(payload["header"])
    change(header)
    text = json.dumps(header).replace('"deep"', "[" * 3000 + "]" * 3000)
    write_archive(project / "files/spoiled.pt", {**payload, "header": text})
    data = (project / "files/spoiled.pt").read_bytes()
    commands = (f"model info {path}", f"predict parts/images/val/0.jpg --checkpoint {path}") if path == BEST else ()
    judge(project, Target(path, (*commands, read_saved_or_say)), data, capsys.readouterr)


def read_saved_or_say(path):
    """As `training/resume.py` does, which then begins anew and says why."""
    with suppress(ValueError):
        read_saved(path)
