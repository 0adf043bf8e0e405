from __future__ import annotations

import pytest

from yolozu.artifacts.golden_vectors import GOLDEN, GoldenVectors, Tolerances, read_golden, write_golden
from yolozu.errors import InputError


def test_golden_vectors_survive_their_file(tmp_path):
    golden = GoldenVectors(
        onnx_sha256="0" * 64, onnxruntime="1", tolerances=Tolerances(score=1e-4, box=1e-4, R=1e-3, t=1e-3), pictures=[]
    )
    write_golden(tmp_path, golden)
    assert read_golden(tmp_path) == golden


def test_where_there_are_none_the_fix_says_how_to_get_them(tmp_path):
    with pytest.raises(InputError) as refused:
        read_golden(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path / GOLDEN}: YZ652 cannot be read as JSON: No such file or directory\n"
        "  fix: take an unedited copy, or export with onnx_golden: true"
    )
