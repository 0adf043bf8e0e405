"""What files of each kind say of themselves."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.artifacts.test_adapters_file import ADAPTERS
from tests.artifacts.test_checkpoint import sample, written
from tests.fixtures.receipted import onnx_bytes, rows
from yolozu.artifacts.adapters_file import write_adapters
from yolozu.artifacts.predictions.columns_file import part_of, write_columns
from yolozu.artifacts.statement import NOTHING, Statement, read_statement

CHECKPOINT, TRAINING = "c" * 64, "7" * 64
MODEL = onnx_bytes("graph", checkpoint_sha256=CHECKPOINT, contract_digest=TRAINING, yolozu_version="0.2.0", opset=18)


def said(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_statement(path)


def test_a_checkpoint_names_its_training(tmp_path):
    checkpoint = sample(contract_digest=TRAINING)
    written(tmp_path / "last.pt", checkpoint)
    assert read_statement(tmp_path / "last.pt") == Statement(
        "checkpoint to go on from", {"step": 12, "epoch": 2}, training=TRAINING, self_checked=True
    )
    written(tmp_path / "best.pt", sample(contract_digest=TRAINING, training_state=None))
    assert read_statement(tmp_path / "best.pt").kind == "checkpoint"


def test_adapters_name_their_training_and_base(tmp_path):
    write_adapters(tmp_path / "a.pt", ADAPTERS)
    found = read_statement(tmp_path / "a.pt")
    assert (found.kind, found.training, found.said["base_sha256"]) == ("adapters", "c" * 64, "b" * 64)


def test_an_exported_file_names_its_checkpoint_and_checks_itself(tmp_path):
    assert said(tmp_path, "model.onnx", MODEL) == Statement(
        "ONNX file",
        {"yolozu_version": "0.2.0", "opset": 18},
        training=TRAINING,
        made_of={"checkpoint": CHECKPOINT},
        self_checked=True,
    )
    assert said(tmp_path, "renamed.bin", MODEL).kind == "ONNX file"
    assert said(tmp_path, "theirs.onnx", b"\x08\x0a:\x02g1") == Statement("ONNX file")


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_in_an_exported_file_is_told(tmp_path, seed):
    content = bytearray(MODEL)
    content[random.Random(seed).randrange(len(content))] ^= 1 << seed % 8
    found = said(tmp_path, "model.onnx", bytes(content))
    assert found.damage is not None or (found.kind == "ONNX file" and not found.self_checked)


def test_predictions_name_what_predicted_in_both_forms(tmp_path):
    meta = {"adapter": "onnxruntime", "onnx_sha256": CHECKPOINT, "score_threshold": 0.01, "images": 0}
    text = said(tmp_path, "p.json", {"schema_version": 1, "meta": meta, "predictions": []})
    assert text == Statement(
        "predictions",
        {"adapter": "onnxruntime", "score_threshold": 0.01, "images": 0},
        made_of={"ONNX file": CHECKPOINT},
    )
    part = part_of([])
    assert part is not None
    write_columns(tmp_path / "p.npz", [part], meta, predictions_sha256=TRAINING)
    columns = read_statement(tmp_path / "p.npz")
    assert columns.made_of == {"ONNX file": CHECKPOINT, "predictions": TRAINING}
    assert said(tmp_path, "bare.json", []).kind is None


@pytest.mark.parametrize(
    ("value", "kind", "made_of"),
    [
        (
            {"onnx_sha256": CHECKPOINT, "checkpoint_sha256": TRAINING, "thresholds": {}},
            "parity report",
            {"ONNX file": CHECKPOINT, "checkpoint": TRAINING},
        ),
        (
            {"init_from": "r.pth", "files": {"r.pth": CHECKPOINT}, "table": []},
            "record of first weights",
            {"r.pth": CHECKPOINT},
        ),
        (
            {"a": {"name": "x", "sha256": CHECKPOINT}, "b": {"name": "y", "sha256": TRAINING}},
            None,
            {"a: predictions": CHECKPOINT, "b: predictions": TRAINING},
        ),
        (
            {"adapter": {"name": "onnxruntime", "says": {"onnx_sha256": CHECKPOINT}}, "scenarios": []},
            None,
            {"says: ONNX file": CHECKPOINT},
        ),
        ({"stage": "train", "spec": {}, "inputs": {}, "outputs": {}, "seconds": 1}, "receipt", {}),
        ({"anything": 1}, None, {}),
    ],
)
def test_reports_name_what_they_are_about(tmp_path, value, kind, made_of):
    found = said(tmp_path, "report.json", value)
    assert (found.kind, found.made_of) == (kind, made_of)


def test_metrics_are_told_apart(tmp_path):
    found = said(tmp_path, "m.jsonl", rows([1.0]).encode())
    assert found == Statement("metrics, a row an event", {"begun": "2026-01-02T09:00:01.000+00:00"})
    assert said(tmp_path, "o.jsonl", b"{}\n") == NOTHING


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=60).map(lambda rest: b"PK\x03\x04" + rest),
        st.binary(max_size=60).map(lambda rest: b"\x08\x0a" + rest),
        st.recursive(
            st.none() | st.text(max_size=5) | st.integers(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["meta", "files", "init_from", "table", "a", "onnx_sha256"]), inner)
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    st.sampled_from(["x", "x.onnx", "x.json", "x.jsonl", "x.pt", "x.npz"]),
)
def test_no_file_is_too_odd_to_be_looked_at(tmp_path, content, name):
    assert isinstance(said(tmp_path, name, content), Statement)
