"""Stored outputs as files: exact, the same bytes each time, and refused where they are damaged or foreign."""

from dataclasses import replace

import numpy as np
import pytest

from yolozu.artifacts.stored_outputs import StoredOutputs, file_of, read_stored_outputs, write_stored_outputs
from yolozu.errors import InputError

STORED = StoredOutputs(
    logits_QC=np.array([[1.5, -2.0], [0.25, -7.0], [3.0, 4.0]], np.float32),
    boxes_Q4=np.array([[0.5, 0.5, 0.25, 0.1], [0.0, 1.0, 0.3, 0.3], [0.1, 0.2, 0.3, 0.4]], np.float32),
    class_names=("cup", "große Tasse"),
    teacher_sha256="a" * 64,
    image_sha256="b" * 64,
)


def problem_of(path, **keys):
    with pytest.raises(InputError) as caught:
        read_stored_outputs(path, **keys)
    (finding,) = caught.value.findings
    assert (finding.code, finding.where) == ("YZ554", str(path))
    return finding.problem


def test_what_is_written_is_read_and_equal_outputs_are_equal_files(tmp_path):
    write_stored_outputs(tmp_path / "deep" / "a.npz", STORED)
    write_stored_outputs(tmp_path / "b.npz", STORED)
    read = read_stored_outputs(tmp_path / "b.npz", image_sha256="b" * 64)
    assert np.array_equal(read.logits_QC, STORED.logits_QC)
    assert np.array_equal(read.boxes_Q4, STORED.boxes_Q4)
    assert (read.class_names, read.teacher_sha256) == (STORED.class_names, STORED.teacher_sha256)
    assert (tmp_path / "deep" / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / file_of("b" * 64)
    assert "holds no stored outputs: [Errno 2]" in problem_of(path)
    write_stored_outputs(path, STORED)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "holds no stored outputs" in problem_of(path)
    values = content.index(STORED.logits_QC.tobytes())
    path.write_bytes(content[:values] + b"\xff" + content[values + 1 :])
    assert "holds no stored outputs" in problem_of(path)
    path.write_text("hello")
    assert "holds no stored outputs" in problem_of(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"logits_QC": np.zeros((2, 2), np.float32)}, "logits (2, 2), boxes (3, 4) and 2 classes do not fit"),
        ({"class_names": ("cup",)}, "logits (3, 2), boxes (3, 4) and 1 classes do not fit"),
        ({"logits_QC": np.full((3, 2), np.nan, np.float32)}, "a number that is not finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, said, tmp_path):
    write_stored_outputs(tmp_path / "a.npz", replace(STORED, **changes))
    assert said in problem_of(tmp_path / "a.npz")


def test_foreign_files_are_refused(tmp_path):
    write_stored_outputs(tmp_path / "a.npz", STORED)
    said = problem_of(tmp_path / "a.npz", image_sha256="c" * 64)
    assert said == f"is of another image (of digest {'b' * 12}, not {'c' * 12})"
    np.savez(tmp_path / "b.npz", logits=STORED.logits_QC)
    assert "schema_version" in problem_of(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", schema_version=np.array(2))
    assert "schema_version 2, expected 1" in problem_of(tmp_path / "c.npz")
    np.savez(tmp_path / "d.npz", schema_version=np.array([None]))
    assert "Object arrays cannot be loaded" in problem_of(tmp_path / "d.npz")
