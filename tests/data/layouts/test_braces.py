"""Patterns in braces name what a shell makes of them."""

import pytest

from yolozu.data.layouts.braces import is_pattern, named_by


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("t-{08..10}.tar", ["t-08.tar", "t-09.tar", "t-10.tar"]),
        ("t-{8..10}.tar", ["t-8.tar", "t-9.tar", "t-10.tar"]),
        ("t-{2..0}.tar", ["t-2.tar", "t-1.tar", "t-0.tar"]),
        ("{a,b}/t-{0..1}.tar", ["a/t-0.tar", "a/t-1.tar", "b/t-0.tar", "b/t-1.tar"]),
        ("t.tar", ["t.tar"]),
        ("t-{x}.tar", ["t-{x}.tar"]),
    ],
)
def test_it_names_what_a_shell_makes_of_it(pattern, named):
    assert named_by(pattern) == named
    assert is_pattern(pattern) is (len(named) > 1)


def test_a_pattern_of_folders_is_none():
    assert not is_pattern("images/{train,val}")


@pytest.mark.parametrize("pattern", ["{0..999999999999}.tar", "{0..999}{0..999}.tar"])
def test_a_slip_does_not_fill_the_memory(pattern):
    with pytest.raises(ValueError, match="more than 100000"):
        named_by(pattern)
