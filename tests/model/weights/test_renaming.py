"""Names of modules become others by rules that read like the names."""

import torch

from yolozu.model.weights.renaming import Renaming

RENAMING = Renaming({"a.*.b.*": "x.*.y.*.z", "a.*": "rest.*", "a.*.late": "never"})


def test_numbers_keep_their_order_and_the_end_stays():
    assert RENAMING.new_name("a.12.b.3.weight") == "x.12.y.3.z.weight"
    assert RENAMING.new_name("a.1.conv.weight") == "rest.1.conv.weight"


def test_the_first_rule_that_fits_counts():
    assert RENAMING.new_name("a.1.late.weight") == "rest.1.late.weight"


def test_only_whole_parts_of_a_name_fit():
    assert [RENAMING.new_name(name) for name in ("a.1", "a.x.weight", "b.a.1.weight", "a.1x.weight")] == [None] * 4


def test_what_no_rule_covers_and_what_contradicts_is_told():
    one, two = torch.ones(1), torch.zeros(1)
    renaming = Renaming({"a": "c", "b": "c"})
    found = renaming.apply([("a.w", one), ("b.w", one.clone()), ("b.w", two), ("d.w", two)])
    assert (found.tensors, found.unknown, found.contradictory) == ({"c.w": one}, ("d.w",), ("b.w",))
