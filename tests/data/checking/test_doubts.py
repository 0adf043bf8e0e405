"""The table of doubts."""

import re

from tests.data.builders import write_yolo
from tests.data.checking.doubtful import looked_at
from yolozu.data.checking.doubts import DOUBTS, doubts_about
from yolozu.data.checking.rules import RULES
from yolozu.error_codes import CODES


def test_every_doubt_has_a_code_of_its_own_that_says_it_is_a_warning():
    codes = [doubt.code for doubt in DOUBTS.values()]
    assert len({*codes, *(rule.code for rule in RULES.values())}) == len(DOUBTS) + len(RULES)
    assert all(re.fullmatch(r"Data check: .* \(a warning\)\.", CODES[code]) for code in codes)
    assert not set(DOUBTS) & set(RULES)


def test_what_is_told_stands_on_one_line_whatever_files_are_called(tmp_path):
    root = write_yolo(tmp_path / "set", {"train/a\nb": "0 .5 .5 .9 .01"})
    where = [violation.where for name, violation in doubts_about(looked_at(root)) if name == "extreme_aspect_ratio"]
    assert [name.rpartition("/")[2] for name in where] == ["a\\nb.txt:1"]
