"""Records of results in a remote store: nothing in one is believed that leads elsewhere."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolozu.engine.store.record import MOST_RECORD_BYTES, RemoteFile, RemoteRecord, parse_record
from yolozu.errors import InputError
from yolozu.planning.receipt import Receipt

SHA = "0" * 64


def record(files, outputs=None):
    receipt = Receipt("train", 1, {}, {}, outputs or {"out/a.txt": SHA, "data": SHA, "none": None}, {}, "", 1.0, {})
    return RemoteRecord(receipt, files, "2026-01-01T00:00:00+00:00")


def problem_of(text):
    with pytest.raises(InputError) as caught:
        parse_record(text, where="there")
    (finding,) = caught.value.findings
    assert (finding.code, finding.where) == ("YZ745", "there")
    return finding.problem


def test_what_is_written_is_read():
    made = record({"out/a.txt": RemoteFile(SHA, 5), "data/x/y": RemoteFile(SHA, 7)})
    assert parse_record(made.text().encode(), where="there") == made
    assert (made.size, made.kept_at_s) == (12, 1767225600.0)


@pytest.mark.parametrize(
    ("path", "file", "problem"),
    [
        ("../a", RemoteFile(SHA, 1), "names '../a', which is no path below a run"),
        ("/a", RemoteFile(SHA, 1), "names '/a', which is no path below a run"),
        ("data//a", RemoteFile(SHA, 1), "names 'data//a', which is no path below a run"),
        ("data/../../a", RemoteFile(SHA, 1), "names 'data/../../a', which is no path below a run"),
        ("data/\0", RemoteFile(SHA, 1), "names 'data/\\x00', which is no path below a run"),
        ("data/..\\a", RemoteFile(SHA, 1), "names 'data/..\\\\a', which is no path below a run"),
        ("else/a", RemoteFile(SHA, 1), "has 'else/a', of no output"),
        ("none", RemoteFile(SHA, 1), "has 'none', of no output"),
        ("data/a", RemoteFile("../" + SHA, 1), "says no size and SHA-256 of 'data/a'"),
        ("data/a", RemoteFile(SHA, -1), "says no size and SHA-256 of 'data/a'"),
        ("out/a.txt/b", RemoteFile(SHA, 1), "has a file in another file: 'out/a.txt/b'"),
    ],
)
def test_what_leads_elsewhere_is_refused(path, file, problem):
    assert problem_of(record({"out/a.txt": RemoteFile(SHA, 5), path: file}).text().encode()) == problem


@given(st.text(alphabet="./\\a\0é~", max_size=8))
def test_whatever_a_path_is_it_is_refused_or_lies_below(path):
    try:
        found = parse_record(record({f"data/{path}": RemoteFile(SHA, 1)}).text().encode(), where="there")
    except InputError:
        return
    (name,) = found.files
    assert ".." not in name.split("/")
    assert not name.startswith("/")


def test_outputs_of_its_receipt_are_held_to_the_same():
    assert problem_of(record({}, {"../x": SHA}).text().encode()) == "names '../x', which is no path below a run"


def test_what_is_no_record_is_said():
    assert problem_of(b"\xff") == "cannot be read as JSON: is no UTF-8 text (byte 0xff at position 0)"
    assert problem_of(b"[" * 100_000) == "cannot be read as JSON: nests too deeply"
    assert problem_of(b"[]") == "is no record of this version"
    assert problem_of(b" " * (MOST_RECORD_BYTES + 1)) == f"has more than {MOST_RECORD_BYTES} bytes"
    value = json.loads(record({}).text())
    assert problem_of(json.dumps({**value, "files": {"data/a": {"size": "7"}}}).encode()).startswith("is no record: ")
