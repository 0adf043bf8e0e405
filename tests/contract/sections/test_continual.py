"""What is held to a teacher."""

import pytest
from pydantic import ValidationError

from yolozu.contract.sections.continual import DistillationSection


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("logits,bbox", ("logits", "bbox")),
        ("rot6d", ("rot6d",)),
        ("offsets , log_z,offsets", ("offsets", "log_z")),
    ],
)
def test_keys_are_separated_by_commas_and_count_once(written, keys):
    assert DistillationSection(self_distill_keys=written).keys == keys


@pytest.mark.parametrize("written", ["", "logits,", "logit", "logits bbox", "boxes"])
def test_other_keys_are_refused(written):
    with pytest.raises(ValidationError):
        DistillationSection(self_distill_keys=written)
