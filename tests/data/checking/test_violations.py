from __future__ import annotations

from yolozu.data.checking.violations import Violation


def test_a_hit_concerns_no_instance_and_leaves_the_fix_to_its_rule_unless_it_says_so():
    violation = Violation("train", None, "labels/train/a.txt:1", "is wrong")
    assert (violation.instance, violation.whole_image, violation.fix) == (None, False, None)
