import pytest
from pydantic import ValidationError

from yolozu.contract.data import AugmentSection, PreprocessSection


def test_the_smallest_zoom_is_not_above_the_largest(refusal):
    assert refusal("epochs: 1\nscale_min: 1.5\n") == (
        "exp.yaml:2: scale_min: YZ105 scale_min 1.5 is above scale_max 1 (scale_max: default)\n"
        "  fix: lower scale_min or raise scale_max"
    )


@pytest.mark.parametrize("size", [32, 640, (320, 640)])
def test_sizes_in_steps_of_32_are_taken(size):
    assert PreprocessSection(image_size=size).image_size == size


@pytest.mark.parametrize("size", [0, 100, (640, 100), 8192, 640.0, True])
def test_other_sizes_are_not(size):
    with pytest.raises(ValidationError):
        PreprocessSection(image_size=size)


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan"), True])
def test_a_probability_is_between_0_and_1(probability):
    with pytest.raises(ValidationError):
        AugmentSection(hflip_prob=probability)
