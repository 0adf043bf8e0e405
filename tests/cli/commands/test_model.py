from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from yolozu.cli.app import main

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[3]
BUCKETS = REPOSITORY / "configs/yolo26_rtdetr_pose"
TINY = (
    "epochs: 1\nimage_size: [64, 96]\nmodel:\n  backbone: {name: tiny_cnn, args: {width_mult: 0.25}}\n"
    "  projector: {d_model: 32}\n  encoder: {num_heads: 2, ffn_dim: 64, fusion_blocks: 1}\n"
    "  decoder: {num_layers: 2, num_heads: 2, ffn_dim: 64}\n  num_queries: 20\n"
)


@pytest.fixture
def contract(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.yaml").write_text(TINY)
    return "exp.yaml"


def described(capsys, *words):
    assert main(["model", "info", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_table_of_parts(contract, capsys):
    assert main(["model", "info", contract]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "exp.yaml: tiny_cnn, 64x96 px, 80 classes (assumed)"
    assert lines[1].split() == ["part", "parameters", "trainable", "GFLOPs"]
    assert [line.split()[0] for line in lines[2:10]] == [
        "backbone", "projector", "encoder", "memory_projector", "selector", "decoder", "denoising", "total",
    ]  # fmt: skip
    assert lines[10:] == [
        "FLOPs of one image; a multiply-add is 2. Not counted: bilinear sampling,",
        "normalizations, activations.",
        "Pose heads are not counted: model.pose is auto, so the data decide.",
    ]
    assert max(map(len, lines)) <= 80
    counts = [int(line.split()[1].replace(",", "")) for line in lines[2:10]]
    assert sum(counts[:-1]) == counts[-1]


def test_json_says_the_same_in_full(contract, capsys):
    found = described(capsys, contract)
    assert {key: found[key] for key in ("source", "backbone", "image_size", "num_classes", "num_classes_assumed")} == {
        "source": "exp.yaml",
        "backbone": "tiny_cnn",
        "image_size": [64, 96],
        "num_classes": 80,
        "num_classes_assumed": True,
    }
    assert found["latency"] is None
    assert found["pose_heads"] is None
    for key in ("parameters", "trainable", "flops"):
        assert sum(part[key] for part in found["parts"]) == found[key] > 0


def test_options_and_overrides_change_what_is_described(contract, capsys):
    plain = described(capsys, contract)
    larger = described(capsys, contract, "--image-size", 128)
    assert (larger["image_size"], larger["parameters"]) == ([128, 128], plain["parameters"])
    assert larger["flops"] > plain["flops"]
    fewer = described(capsys, contract, "--num-classes", 3)
    assert (fewer["num_classes"], fewer["num_classes_assumed"]) == (3, False)
    assert fewer["parameters"] < plain["parameters"]
    wider = described(capsys, contract, "model.projector.d_model=64", "model.backbone.norm=frozenbn")
    assert wider["parameters"] > plain["parameters"]
    assert wider["parts"][0]["parameters"] < plain["parts"][0]["parameters"]


@pytest.mark.parametrize("choice", ["true", "false"])
def test_pose_heads_count_where_the_contract_says_so(contract, capsys, choice):
    assert main(["model", "info", contract, f"model.pose={choice}"]) == 0
    text = capsys.readouterr().out
    assert ("k_head" in text, "auto" in text) == (choice == "true", False)
    assert described(capsys, contract, f"model.pose={choice}")["pose_heads"] is (choice == "true")


def test_latency_is_measured_on_request(contract, capsys):
    words = [contract, "--image-size", "64", "model.num_queries=5", "--latency", "--batch-size", "2"]
    measured = described(capsys, *words)["latency"]
    assert measured["seconds"] > 0
    assert (measured["batch_size"], measured["device"]) == (2, "cpu")
    assert main(["model", "info", *words]) == 0
    text = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"latency: \d+\.\d ms for 2 images \(\d+\.\d images/s\)", text[-2])
    assert re.fullmatch(r"  median of 20 runs after 3 to warm up, cpu, \d+ threads?", text[-1])


def test_a_checkpoint_says_its_own_classes_and_size(exported, capsys):
    found = described(capsys, exported.checkpoint)
    assert (found["image_size"], found["num_classes"], found["num_classes_assumed"]) == ([64, 96], 3, False)
    assert described(capsys, exported.checkpoint, "--image-size", 64)["image_size"] == [64, 64]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "exp.txt",
            (
                "exp.txt: YZ310 is no contract (.yaml, .yml, .json), checkpoint (.pt) or KEY=VALUE\n"
                "  fix: correct the word\n"
            ),
        ),
        (
            "exp.yaml --image-size 33",
            (
                "--image-size: YZ104 must be a multiple of 32 from 32 to 4096, or [height, width] of such, got 33\n"
                "  fix: correct it, or drop image_size for its default, 640\n"
            ),
        ),
        (
            "exp.yaml model.backbone.name=resnet5",
            ("model.backbone.name=resnet5: YZ104 must be {names}, got resnet5\n  fix: did you mean 'resnet50'?\n"),
        ),
    ],
)
def test_what_cannot_be_described_is_refused_with_a_way_out(contract, capsys, words, said):
    from yolozu.model.backbones.registry import BACKBONES

    *most, last = BACKBONES
    assert main(["model", "info", *words.split()]) == 2
    assert capsys.readouterr().err == said.replace("{names}", f"{', '.join(most)} or {last}")


def test_a_missing_checkpoint_is_an_input_error(contract, capsys):
    assert main(["model", "info", "gone.pt"]) == 2
    assert capsys.readouterr().err.startswith("gone.pt: YZ450 checkpoint cannot be read")


def test_buckets_rise_and_say_their_size(capsys):
    sizes = []
    for bucket in "nsmlx":
        path = BUCKETS / f"{bucket}.yaml"
        found = described(capsys, path)
        stated = f"# {found['parameters'] / 1e6:.0f} M parameters, {found['flops'] / 1e9:.0f} GFLOPs at 640x640 px"
        assert stated in path.read_text()
        sizes.append((found["parameters"], found["flops"]))
    for smaller, larger in pairwise(sizes):
        assert smaller[0] < larger[0]
        assert smaller[1] < larger[1]
