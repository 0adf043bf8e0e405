import re

from yolozu.data.prepare.picture_groups import alike, joined, key_in


def test_sets_that_share_a_name_are_one_group():
    assert joined(["a", "b", "c", "d", "e"], [["a", "c"], ["d", "c"]]) == [["a", "c", "d"], ["b"], ["e"]]
    assert joined(["a", "b"], []) == [["a"], ["b"]]


def test_equal_keys_are_alike():
    assert alike({"a": 1, "b": 2, "c": 1, "d": None, "e": None}) == [["a", "c"]]


def test_the_key_is_what_the_groups_of_a_pattern_find_or_all_of_it():
    assert key_in("cam1_007.jpg", re.compile(r"^(.*?)_\d+")) == ("cam1",)
    assert key_in("cam1_007.jpg", re.compile(r"cam\d")) == "cam1"
    assert key_in("007.jpg", re.compile(r"cam\d")) is None
