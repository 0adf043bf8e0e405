import pytest

from yolozu.contract.base import Conflict
from yolozu.contract.offered import require_offered
from yolozu.registry import Registry

OURS = Registry("thing", {"ours": "module:Ours"})


def test_ours_are_known_without_a_look_at_packages():
    assert require_offered("ours", key="k", kind="thing", ours=OURS, others=lambda: pytest.fail("looked")) == "ours"


def test_a_name_that_is_like_none_lists_all():
    with pytest.raises(Conflict) as refused:
        require_offered("zzz", key="k", kind="thing", ours=OURS, others=lambda: ["theirs", "ours"])
    assert "choose one of ours, theirs, or install it" in str(refused.value.fix)
