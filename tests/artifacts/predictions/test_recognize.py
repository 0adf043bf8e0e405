import pytest

from yolozu.artifacts.predictions.recognize import is_other_report


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('{"schema_version": 1, "metrics": {"map50": 0.5}}', True),
        ('{"passed": true, "rows": [1, 2]}', True),
        ('{"schema_version": 1, "predictions": "p.json"}', True),
        ('{"schema_version": 1, "meta": {}, "predictions": [', False),
        ('{"a.png": [{"score": 1}], "b.png": 3}', False),
        ("{}", False),
        ("[]", False),
        ("3", False),
        ("nonsense", False),
        ('{"schema_version": 1, ', False),
    ],
)
def test_a_report_is_told_from_what_may_be_predictions(tmp_path, text, other):
    path = tmp_path / "a.json"
    path.write_text(text)
    assert is_other_report(path) is other


def test_what_cannot_be_read_is_no_report(tmp_path):
    assert not is_other_report(tmp_path / "none.json")
    assert not is_other_report(tmp_path)
