from __future__ import annotations

import numpy as np
import pytest

from tests.data.corruption.pictures import scene
from yolozu.contract.sections.predict import CorruptionSection
from yolozu.data.corruption.corruption import Corruption, corruption_of
from yolozu.errors import UsageError


def test_a_section_without_a_kind_asks_for_nothing():
    assert Corruption.from_section(CorruptionSection()) is None
    section = CorruptionSection(corruption="fog", corruption_severity=2, corruption_seed=7)
    assert Corruption.from_section(section) == Corruption("fog", 2, 7)


def test_what_is_random_depends_on_name_kind_severity_and_seed():
    image = scene()
    changes = [
        Corruption("gaussian_noise", 3, 0)(image, "a.png"),
        Corruption("gaussian_noise", 3, 0)(image, "b.png"),
        Corruption("gaussian_noise", 3, 1)(image, "a.png"),
        Corruption("gaussian_noise", 4, 0)(image, "a.png"),
    ]
    assert len({change.tobytes() for change in changes}) == 4
    assert np.array_equal(Corruption("gaussian_noise", 3, 0)(image, "a.png"), changes[0])


def test_it_says_what_it_does():
    assert Corruption("snow", 5, 3).describe() == {"corruption": "snow", "severity": 5, "seed": 3}


def test_a_corruption_can_be_had_by_name():
    assert corruption_of("snow", 5) == Corruption("snow", 5, 0)


@pytest.mark.parametrize(
    ("kind", "severity", "said"),
    [
        ("frog", 3, "corruption 'frog': YZ901 no such corruption\n  fix: did you mean 'fog'?"),
        ("fog", 0, "corruption 'fog': YZ280 has no severity 0\n  fix: choose one from 1 to 5"),
        ("fog", 6, "corruption 'fog': YZ280 has no severity 6\n  fix: choose one from 1 to 5"),
    ],
)
def test_kinds_and_severities_that_there_are_not_are_refused(kind, severity, said):
    with pytest.raises(UsageError) as refused:
        corruption_of(kind, severity)
    assert str(refused.value).startswith(said)
