import json

import numpy as np
import onnx
import pytest

from tests.cli.runs import write_dataset
from yolozu.cli.app import main


def with_a_flipped_bit(source, target):
    """One bit of one weight, in the bytes of the file: all of its structure stays as it was."""
    weights = max(onnx.load(source).graph.initializer, key=lambda tensor: np.prod(tensor.dims, dtype=int)).raw_data
    content = bytearray(source.read_bytes())
    content[content.index(weights[:64]) + 3] ^= 0x40
    target.write_bytes(content)


# fernandotonon/QtMeshEditor#1025, chroma-core/chroma#883: a model file that was damaged on its way loads, and gives
# other numbers.
@pytest.mark.parametrize("command", ["export-predictions", "test", "export-predictions --tta --tta-mode model"])
def test_a_flipped_bit_in_a_weight_is_no_prediction(exported, tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "data", exported)
    with_a_flipped_bit(exported.onnx, tmp_path / "model.onnx")
    assert main(f"{command} --onnx model.onnx --dataset data --output out.json".split()) == 2
    assert (
        "model.onnx: YZ633 its graph, weights or metadata are not those that were exported" in capsys.readouterr().err
    )
    assert not (tmp_path / "out.json").exists()


# chroma-core/chroma#883: as above; an earlier file has its digest beside it.
def test_so_it_is_in_a_file_of_before_which_has_its_digest_beside_it_alone(exported, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "data", exported)
    model = onnx.load(exported.onnx)
    kept = [entry for entry in model.metadata_props if entry.key != "yolozu.content_sha256"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, tmp_path / "old.onnx")
    words = ["export-predictions", "--onnx", "old.onnx", "--dataset", "data", "--output", "out.json"]
    assert main(words) == 0
    (tmp_path / "old.onnx.meta.json").write_text(json.dumps({"onnx_sha256": "0" * 64}))
    capsys.readouterr()
    assert main(words) == 2
    assert "is not the file that old.onnx.meta.json beside it tells of" in capsys.readouterr().err
