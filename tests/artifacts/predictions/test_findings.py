from __future__ import annotations

import pytest

from yolozu.artifacts.predictions.findings import member, top_member


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("score", "a.score"),
        ("sigma_2", "a.sigma_2"),
        ("2", 'a["2"]'),
        ("", 'a[""]'),
        ("two words", 'a["two words"]'),
        ('"\n\x1b', 'a["\\"\\n\\u001b"]'),
        ("ü\ud800", 'a["\\u00fc\\ud800"]'),
        ("x" * 60, "a." + "x" * 60),
        ("x" * 5000, 'a["' + "x" * 30 + "..." + "x" * 30 + '"]'),
    ],
)
def test_a_path_can_be_shown_whatever_the_key(key, path):
    assert member("a", key) == path


def test_members_of_the_file_have_no_dot_before_them():
    assert (top_member("meta"), top_member("my meta")) == ("meta", '["my meta"]')
