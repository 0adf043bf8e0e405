import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.small_disk import files_end_at
from yolozu.artifacts.jsonio import (
    atomic_replacement,
    canonical,
    explain_misfit,
    is_text,
    pretty,
    read_json,
    write_text,
    write_text_if_changed,
)
from yolozu.errors import InputError


def test_canonical_json_is_one_text_per_value():
    assert canonical({"b": [1, 2.5, None], "a": "ü"}) == '{"a":"ü","b":[1,2.5,null]}'


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_has_no_text(bad):
    with pytest.raises(ValueError, match="Out of range float"):
        canonical(bad)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.json"
    write_text(path, "old")

    def fail_midway():
        with atomic_replacement(path) as aside:
            aside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_midway()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_a_full_disk_names_the_file(tmp_path):
    with pytest.raises(OSError, match="File too large") as caught, files_end_at(10):
        write_text(tmp_path / "report.json", "long " * 100)
    assert caught.value.filename == str(tmp_path / "report.json")
    assert list(tmp_path.iterdir()) == []


def test_directories_made_for_a_file_go_again_with_it_but_none_that_is_used(tmp_path):
    def fail(path, also=None):
        with atomic_replacement(path):
            if also is not None:
                also.touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "new/deep/file")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "new/deep/file", also=tmp_path / "new/other")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["other"]


def test_an_equal_text_keeps_the_modification_time(tmp_path):
    path = tmp_path / "plan" / "train.json"
    assert write_text_if_changed(path, "{}")
    os.utime(path, (1, 1))
    assert not write_text_if_changed(path, "{}")
    assert path.stat().st_mtime == 1
    assert write_text_if_changed(path, "[]")


@pytest.mark.slow
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_what_is_written_is_read(value):
    import json

    assert json.loads(pretty(value)) == json.loads(canonical(value)) == value


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "\xff", "[" * 100_000])
def test_a_file_that_is_no_json_is_one_finding(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError) as caught:
        read_json(path, code="YZ312", fix="mend it")
    assert [(finding.code, finding.where, finding.fix) for finding in caught.value.findings] == [
        ("YZ312", str(path), "mend it")
    ]


def test_a_missing_file_is_one_finding(tmp_path):
    with pytest.raises(InputError, match="cannot be read as JSON"):
        read_json(tmp_path / "absent.json", code="YZ312", fix="make it")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[1,", "line 1, column 4: expecting value"),
        (b"[" * 3000, "nests too deeply"),
        (b"9" * 5000, "holds a number of thousands of digits"),
        (b'"\xe9"', "is no UTF-8 text (byte 0xe9 at position 1)"),
        (b"NaN", "NaN is no JSON number"),
    ],
)
def test_why_a_file_is_no_json_is_said_in_plain_words(tmp_path, data, reason):
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(InputError) as refused:
        read_json(path, code="YZ205", fix="write JSON")
    assert refused.value.findings[0].problem == f"cannot be read as JSON: {reason}"


def test_half_a_character_is_no_text():
    assert is_text("café")
    assert not is_text("caf\udce9")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("images"), "it has no 'images'"),
        (ValueError("schema_version 1, expected 2"), "schema_version 1, expected 2"),
        (TypeError("'int' object is not iterable"), "something in it is of another kind than it should be"),
        (OverflowError("int too large to convert to float"), "a number in it is too large"),
        (RecursionError("maximum recursion depth exceeded"), "nests too deeply"),
    ],
)
def test_what_a_document_lacks_is_said_in_plain_words(error, said):
    assert explain_misfit(error) == said
