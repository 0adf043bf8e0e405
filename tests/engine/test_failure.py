import pytest

from yolozu.engine.failure import clear_failure, failure_path, read_failure, record_failure
from yolozu.paths import RunLayout


def test_a_failure_is_kept_until_a_try_goes_well(tmp_path):
    layout = RunLayout(tmp_path / "exp01")
    assert read_failure(layout, "train") is None
    record_failure(layout, "train", kind="GateFailed", text="no")
    found = read_failure(layout, "train")
    assert found is not None
    assert (found["kind"], found["text"], found["stage"]) == ("GateFailed", "no", "train")
    clear_failure(layout, "train")
    assert read_failure(layout, "train") is None
    clear_failure(layout, "train")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": 3, "text": "x"}', "\x00"])
def test_a_damaged_record_of_a_failure_says_so_instead(tmp_path, text):
    layout = RunLayout(tmp_path / "exp01")
    path = record_failure(layout, "train", kind="GateFailed", text="no")
    path.write_text(text)
    found = read_failure(layout, "train")
    assert found is not None
    assert found["text"].startswith(f"{path}: YZ301 ")


def test_a_directory_in_its_place_stops_nothing(tmp_path):
    layout = RunLayout(tmp_path / "exp01")
    failure_path(layout, "train").mkdir(parents=True)
    assert read_failure(layout, "train") is None
    clear_failure(layout, "train")
