from pathlib import PurePosixPath

import numpy as np
import pytest

from yolozu.app.arguments import overrides_of_values, require_in_range
from yolozu.errors import ContractError, UsageError


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (PurePosixPath("data/parts"), "data/parts"),
        ((64, 96), [64, 96]),
        (np.int64(3), 3),
        (np.float64(0.5), 0.5),
        (np.array([1, 2]), [1, 2]),
        ({"map50": (1, None)}, {"map50": [1, None]}),
        (True, True),
    ],
)
def test_what_has_one_meaning_is_read(value, plain):
    (override,) = overrides_of_values({"key": value})
    assert (override.value, type(override.value)) == (plain, type(plain))


def test_what_no_contract_can_hold_is_refused_all_at_once():
    with pytest.raises(ContractError) as caught:
        overrides_of_values({"lr": object(), "epochs": 1, "require": {"map50": {1}}})
    assert [(finding.code, finding.where, finding.problem) for finding in caught.value.findings] == [
        ("YZ103", "lr", "holds object, which no contract can"),
        ("YZ103", "require", "holds set, which no contract can"),
    ]


def test_numbers_outside_their_range_are_refused_all_at_once():
    require_in_range(max_images=None, seed=0, confidence=0.5)
    with pytest.raises(UsageError) as caught:
        require_in_range(max_images=0, resamples=7, confidence=float("nan"))
    assert str(caught.value) == (
        "max_images=0: YZ325 must be a number of at least 1\n"
        "  fix: correct it, or leave it out\n"
        "resamples=7: YZ325 must be a number from 100 to 100000\n"
        "  fix: correct it, or leave it out\n"
        "confidence=nan: YZ325 must be a number from 0.5 to 0.999\n"
        "  fix: correct it, or leave it out"
    )
