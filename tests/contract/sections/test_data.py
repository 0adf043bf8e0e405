import pytest
from pydantic import ValidationError

from yolozu.contract.sections.data import AugmentSection, DatasetSection, PreprocessSection
from yolozu.contract.strict.describe import shown


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


@pytest.mark.parametrize("text", ["z", "z/2", "x/2 z/2", "z x/2", "x/2 z", "x/12 y/12 z/12", "none"])
def test_symmetries_are_turns_about_axes(text):
    assert DatasetSection(symmetries={"mug": text}).symmetries == {"mug": text}


@pytest.mark.parametrize("text", ["", "w", "z z", "x z", "z/1", "z/0", "z/100", "z /2", "z  x/2", "z/2,x/2", "none z"])
def test_what_is_no_symmetry_is_refused_in_words(text, refusal):
    assert refusal(f"epochs: 1\nsymmetries: {{mug: '{text}'}}\n") == (
        "exp.yaml:2: symmetries.mug: YZ104 must be z (any turn about z), z/2 (half turns), 'x/2 z/2' (both, and what "
        f"they make together) or none, got {shown(text)}\n  fix: correct or remove it"
    )


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan"), True])
def test_a_probability_is_between_0_and_1(probability):
    with pytest.raises(ValidationError):
        AugmentSection(hflip_prob=probability)


@pytest.mark.parametrize("value", [True, False, (320,), (320, 352)])
def test_several_sizes_are_asked_for_by_a_switch_or_by_name(value):
    assert AugmentSection(multiscale=value).multiscale == value


@pytest.mark.parametrize("text", ["320", "[]", "[33]", "[true]", "maybe"])
def test_other_sizes_than_longer_sides_in_steps_of_32_are_refused_in_words(text, refusal):
    said = refusal(f"epochs: 1\nmultiscale: {text}\n")
    assert "must be true, false, or a list of longer sides: multiples of 32 from 32 to 4096, got " in said


def test_prediction_uses_the_validation_split_unless_told_otherwise():
    assert DatasetSection().predicted_split == "val"
    assert DatasetSection().used_splits == ["train", "val"]
    assert DatasetSection(val_split="train", predict_split="test").used_splits == ["train", "test"]


def test_no_class_at_all_is_no_list_of_classes(refusal):
    assert refusal("epochs: 1\nclass_names: []\n") == (
        "exp.yaml:2: class_names: YZ104 must be a list of class names, or null, got []\n"
        "  fix: correct it, or drop class_names for its default, null"
    )
