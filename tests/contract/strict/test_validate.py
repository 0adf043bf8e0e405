import pytest

from yolozu.contract.strict.validate import validate
from yolozu.contract.text.yaml import read_yaml_text


def checked(text):
    root, _ = read_yaml_text(text, "exp.yaml")
    return validate(root)


def test_what_cannot_stand_is_left_out_and_the_rest_is_typed():
    contract, problems, bad = checked("lr: x\nweight_decay: 0.5\nscheduler_milestones: [1, x]\n")
    assert contract.optim.weight_decay == 0.5
    assert contract.optim.lr == 1e-4
    assert len(problems) == 2
    assert bad == {("lr",), ("scheduler_milestones",)}


def test_one_mistake_hides_no_other_of_its_section():
    _, problems, _ = checked("lr: x\nnesterov: true\n")
    assert [problem.finding.code for problem in problems] == ["YZ103", "YZ105"]


def test_a_whole_number_is_a_number():
    assert checked("lr: 1\n")[0].optim.lr == 1.0


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("use_ema: 'true'", "write true without quotes"),
        ("use_ema: Off", "write false"),
        ("batch_size: '16'", "write 16 without quotes"),
        ("batch_size: 16.0", "write 16"),
        ("dataset_root: 128", 'write it in quotes: "128"'),
        ("optimizer: SGD", "did you mean 'sgd'?"),
        ("amp: false", "write none"),
        ("ddp: 'false'", "write false without quotes"),
        ("model: {pose: 'true'}", "write true without quotes"),
        ("model: {pose: off}", "write false"),
        ("model: {pose: Auto}", "did you mean 'auto'?"),
    ],
)
def test_the_fix_is_the_likely_one(line, fix):
    _, problems, _ = checked(line)
    assert [problem.finding.fix for problem in problems] == [fix]


def test_numbers_that_equal_a_choice_are_none():
    _, problems, bad = checked("config_version: true\namp: none\n")
    assert [problem.finding.code for problem in problems] == ["YZ103"]
    assert bad == {("config_version",)}


def test_what_a_value_that_is_left_out_would_contradict_is_no_mistake():
    _, problems, _ = checked("scale_min: 3.0\nscale_max: x\n")
    assert [problem.finding.where for problem in problems] == ["exp.yaml:2: scale_max"]
