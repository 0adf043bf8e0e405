import json
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yolozu.errors import InputError
from yolozu.planning.receipt import Receipt

RECEIPT = Receipt(
    "train", 1, {"seed": {"seed": 0}}, {"train": "ab"}, {"checkpoints/best.pt": "cd", "x": None}, {}, "now", 1.5, {}
)


def test_a_receipt_reads_as_it_was_written(tmp_path):
    RECEIPT.write(tmp_path / "train.json")
    assert Receipt.read(tmp_path / "train.json") == RECEIPT


def test_no_file_is_no_receipt(tmp_path):
    assert Receipt.read(tmp_path / "train.json") is None


def changed(**fields):
    return json.dumps({"schema_version": 1, **asdict(RECEIPT), **fields})


OTHER = (
    '{"schema_version": 1, "stage": "train"}',
    changed(schema_version=2),
    changed(outputs=3),
    changed(outputs={"a": 3}),
    changed(spec={"seed": 0}),
    changed(seconds="long"),
    changed(version="1"),
)


def test_what_a_later_release_adds_is_passed_over(tmp_path):
    (tmp_path / "train.json").write_text(changed(machine="here"))
    assert Receipt.read(tmp_path / "train.json") == RECEIPT


def test_a_directory_in_its_place_is_no_missing_receipt(tmp_path):
    (tmp_path / "train.json").mkdir()
    with pytest.raises(InputError, match="YZ301 cannot be read"):
        Receipt.read(tmp_path / "train.json")
    assert Receipt.readable(tmp_path / "train.json") is None


@given(field=st.sampled_from(sorted(asdict(RECEIPT))), value=st.none() | st.text(max_size=2) | st.lists(st.integers()))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_field_with_anything_in_it_is_read_or_refused(tmp_path, field, value):
    (tmp_path / "train.json").write_text(changed(**{field: value}))
    found = Receipt.readable(tmp_path / "train.json")
    assert found is None or getattr(found, field) == value


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00", *OTHER])
def test_a_broken_receipt_says_how_to_go_on(tmp_path, text):
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(InputError) as caught:
        Receipt.read(tmp_path / "train.json")
    assert caught.value.findings[0].fix == "delete it: the stage then runs again"
