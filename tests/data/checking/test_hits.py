from __future__ import annotations

from yolozu.data.checking.hits import Hit


def test_a_hit_concerns_no_instance_and_leaves_the_fix_to_its_rule_unless_it_says_so():
    hit = Hit("train", None, "labels/train/a.txt:1", "is wrong")
    assert (hit.instance, hit.whole_image, hit.fix) == (None, False, None)
