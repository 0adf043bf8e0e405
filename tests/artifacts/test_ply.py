from __future__ import annotations

import struct

import numpy as np
import pytest

from yolozu.artifacts.ply import read_vertices
from yolozu.errors import InputError

POINTS = [[0.0, 1.5, -2.0], [3.25, 4.0, 5.0]]
HEADER = """ply
format {form} 1.0
comment made by hand
element camera 1
property float view
element vertex 2
property double x
property {kind} y
property float z
property uchar red
element face 1
property list uchar int vertex_indices
end_header
"""


def text_mesh(newline="\n"):
    text = HEADER.format(form="ascii", kind="float") + "7\n0 1.5 -2 255\n3.25 4 5 0\n3 0 1 1\n"
    return text.replace("\n", newline).encode()


def binary_mesh(form, order):
    rows = b"".join(struct.pack(f"{order}dffB", x, y, z, 255) for x, y, z in POINTS)
    return HEADER.format(form=form, kind="float32").encode() + struct.pack(f"{order}f", 7.0) + rows + b"\x03faces"


@pytest.mark.parametrize(
    "data",
    [
        text_mesh(),
        text_mesh("\r\n"),
        binary_mesh("binary_little_endian", "<"),
        binary_mesh("binary_big_endian", ">"),
    ],
    ids=["text", "text of Windows", "little endian", "big endian"],
)
def test_the_vertices_of_a_mesh_are_the_same_in_every_form(tmp_path, data):
    path = tmp_path / "a.ply"
    path.write_bytes(data)
    np.testing.assert_array_equal(read_vertices(path), POINTS)


ONLY_X = b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n"
LIST_FIRST = (
    b"ply\nformat binary_little_endian 1.0\nelement face 1\nproperty list uchar int a\nelement vertex 1\n"
    b"property float x\nproperty float y\nproperty float z\nend_header\n0000000000000000000"
)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it has no PLY header"),
        (b"solid stl\nend_header\n", "it has no PLY header"),
        (b"ply\nformat ascii 1.0\nend_header\n", "it has no element vertex"),
        (
            b"ply\nformat ascii 1.0\nelement vertex many\nend_header\n",
            "header line 'element vertex many' is not understood",
        ),
        (b"ply\nformat utf8 1.0\nend_header\n", "format 'utf8' is not known"),
        (
            text_mesh().replace(b"vertex 2", b"vertex 99999999999999999999"),
            "it ends before its 99999999999999999999 vertices, or a line has another number of values",
        ),
        (ONLY_X, "element vertex has no plain x, y and z"),
        (text_mesh()[:-20], "it ends before its 2 vertices, or a line has another number of values"),
        (text_mesh().replace(b"1.5", b"one"), "could not convert string to float: b'one'"),
        (binary_mesh("binary_little_endian", "<")[:-20], "it ends before its 2 vertices"),
        (LIST_FIRST, "lists stand before its vertices"),
    ],
)
def test_what_is_no_mesh_is_refused(tmp_path, data, problem):
    path = tmp_path / "a.ply"
    path.write_bytes(data)
    with pytest.raises(InputError) as refused:
        read_vertices(path)
    assert str(refused.value) == (
        f"{path}: YZ241 is no readable mesh: {problem}\n  fix: give a PLY mesh whose element vertex has x, y and z"
    )


def test_missing_files_and_points_that_are_not_finite_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"YZ241 is no readable mesh: .*No such file"):
        read_vertices(tmp_path / "a.ply")
    for value in (b"nan", b"-inf", b"1e200"):
        (tmp_path / "a.ply").write_bytes(text_mesh().replace(b"1.5", value))
        with pytest.raises(InputError, match=r"YZ241 holds vertices that are not finite, or farther than 1e\+15 from"):
            read_vertices(tmp_path / "a.ply")
