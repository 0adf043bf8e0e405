"""Wrong input of every kind: one clear message, the documented exit code, no traceback, nothing written or lost."""

import json
import shutil

import pytest

from yolozu.cli.app import main

GOOD = """\
config_version: 1
dataset_root: scenes
seed: 0
device: cpu
ddp: false
amp: none
epochs: 1
image_size: 160
model: {num_queries: 20}
"""

CONTRACTS = {
    "typo": (GOOD + "weight_deacy: 0.1\n", "exp.yaml:10: weight_deacy: YZ102 unknown key"),
    "typo inside model": (GOOD.replace("num_queries", "num_querys"), "exp.yaml:9: model.num_querys: YZ102"),
    "unknown key that is null": (GOOD + "nothing:\n", "exp.yaml:10: nothing: YZ102"),
    "bool for a count": (GOOD + "batch_size: true\n", "exp.yaml:10: batch_size:"),
    "fraction for a count": (GOOD + "batch_size: 2.9\n", "exp.yaml:10: batch_size:"),
    "quoted number": (GOOD + 'lr: "0.1"\n', "exp.yaml:10: lr:"),
    "word for a bool": (GOOD + "use_ema: yes\n", "exp.yaml:10: use_ema:"),
    "nan": (GOOD + "lr: .nan\n", "exp.yaml:10: lr:"),
    "infinite": (GOOD + "lr: .inf\n", "exp.yaml:10: lr:"),
    "negative": (GOOD + "lr: -1\n", "exp.yaml:10: lr:"),
    "choice": (GOOD + "scheduler: linear\n", "exp.yaml:10: scheduler:"),
    "duplicate key": (GOOD + "seed: 1\n", "exp.yaml:10: seed: YZ108"),
    "alias and target": (GOOD + "grad_accum: 2\ngradient_accumulation_steps: 2\n", "exp.yaml:10: grad_accum: YZ110"),
    "missing keys": ("config_version: 1\n", "YZ109"),
    "no length": (GOOD.replace("epochs: 1\n", ""), "epochs"),
    "fp16 on a cpu": (GOOD.replace("amp: none", "amp: fp16"), "exp.yaml:6: amp:"),
    "tag": (GOOD + "lr: !!python/name:os.system\n", "YZ107"),
    "anchored map": (GOOD.replace("model: {", "model: &m {"), "YZ107"),
    "other version": (GOOD.replace("config_version: 1", "config_version: 7"), "exp.yaml:1: config_version:"),
    "list at the top": ("- 1\n", "YZ113"),
    "empty": ("", "YZ113"),
    "no yaml": ("a: [1\n", "YZ106"),
    "binary": ("\x00\x01", "exp.yaml"),
    "run id outside runs": (GOOD + "run_id: ../../etc\n", "exp.yaml:10: run_id:"),
    "gate on an unknown metric": (GOOD + 'require: {map60: "> 0"}\n', "map60"),
}

LABELS = {
    "class out of range": "9 0.5 0.5 0.2 0.2\n",
    "fraction of a class": "0.5 0.5 0.5 0.2 0.2\n",
    "too few numbers": "0 0.5 0.5 0.2\n",
    "words": "0 half half 0.2 0.2\n",
    "nan": "0 nan 0.5 0.2 0.2\n",
    "box out of the image": "0 0.95 0.5 0.2 0.2\n",
    "box without area": "0 0.5 0.5 0.0 0.2\n",
    "twice the same": "0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n",
}

BOX = {"cx": 0.5, "cy": 0.5, "w": 0.1, "h": 0.1}
FINE = {"class_id": 0, "score": 0.5, "bbox": BOX}
PREDICTIONS = {
    "truncated": '{"schema_version": 1, "predictions": [',
    "score above one": [{**FINE, "score": 7.5}],
    "bool class": [{**FINE, "class_id": True}],
    "negative width": [{**FINE, "bbox": {**BOX, "w": -0.1}}],
    "string for a number": [{**FINE, "log_z": "far"}],
    "no rotation": [{**FINE, "R": [[2, 0, 0], [0, 1, 0], [0, 0, 1]]}],
    "nan": '[{"image": "a.png", "detections": [{"class_id": 0, "score": NaN, "bbox": {"cx":0,"cy":0,"w":1,"h":1}}]}]',
    "nested without end": "[" * 100_000,
    "not utf-8": b"\xff\xfe[",
}


@pytest.fixture
def place(empty_project, tmp_path, monkeypatch):
    """A working directory with a small data set."""
    shutil.copytree(empty_project.root / "scenes", tmp_path / "scenes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, *words):
    """Exit code and everything that was printed; never a traceback."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    text = printed.out + printed.err
    assert "Traceback" not in text
    assert "internal" not in text
    return code, text


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTRACTS)
def test_a_broken_contract_builds_nothing(place, capsys, name):
    text, expected = CONTRACTS[name]
    (place / "exp.yaml").write_text(text)
    before = sorted(place.rglob("*"))
    for command in (["contract", "validate", "exp.yaml"], ["run", "exp.yaml", "run_id=bad"]):
        code, told = said(capsys, *command)
        assert (code, expected in told) == (2, True), told
        assert "  fix: " in told
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("name", LABELS)
def test_a_broken_label_is_named_by_file_and_line(place, capsys, name):
    label = next((place / "scenes/labels/train").glob("*.txt"))
    label.write_text(LABELS[name])
    code, told = said(capsys, "data", "check", "scenes")
    assert code == 1
    assert f"{label.name}:{LABELS[name].count(chr(10))}" in told


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_broken_predictions_file_is_refused(place, capsys, name):
    bad = PREDICTIONS[name]
    path = place / "predictions.json"
    if isinstance(bad, list):
        bad = json.dumps([{"image": "a.png", "image_size": {"width": 9, "height": 9}, "detections": bad}])
    path.write_bytes(bad if isinstance(bad, bytes) else bad.encode())
    assert said(capsys, "validate", "predictions", path)[0] == 1
    image = "scenes"
    code, told = said(capsys, "eval-coco", "--dataset", image, "--split", "val", "--predictions", path)
    assert (code, "YZ7" in told) in ((2, True), (1, True)), told


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 truncated", b"not a checkpoint", b"\x80\x04N."])
@pytest.mark.parametrize(("flag", "suffix"), [("--checkpoint", ".pt"), ("--onnx", ".onnx")])
def test_a_broken_model_is_refused_and_no_file_appears(place, capsys, content, flag, suffix):
    path = place / f"model{suffix}"
    path.write_bytes(content)
    adapter = "rtdetr_pose" if flag == "--checkpoint" else "onnxruntime"
    code, told = said(
        capsys, "export-predictions", "--adapter", adapter, flag, path, "--dataset", "scenes", "--split", "val",
        "--output", "out.json",
    )  # fmt: skip
    assert (code, "  fix: " in told) == (2, True), told
    assert path.read_bytes() == content
    assert not (place / "out.json").exists()


def test_missing_files_are_named(place, capsys):
    for words in (
        ["contract", "validate", "nowhere.yaml"],
        ["run", "nowhere.yaml", "run_id=a"],
        ["data", "check", "nowhere"],
        ["validate", "predictions", "nowhere.json"],
        ["eval-coco", "--dataset", "nowhere", "--predictions", "nowhere.json"],
    ):
        code, told = said(capsys, *words)
        assert (code, "nowhere" in told) == (2, True), (words, told)
