import pytest


def test_heads_divide_the_encoders_width(refusal):
    assert refusal("epochs: 1\nmodel:\n  projector: {d_model: 96}\n  encoder: {num_heads: 7}\n") == (
        "exp.yaml:4: model.encoder.num_heads: YZ105 7 heads do not divide the encoder's width 96 "
        "(model.projector.d_model: exp.yaml:3)\n"
        "  fix: set model.encoder.num_heads to a divisor of 96, or change model.projector.d_model"
    )


def test_heads_divide_the_decoders_own_width(refusal):
    assert refusal("epochs: 1\nmodel: {decoder: {d_model: 64, num_heads: 6}}\n") == (
        "exp.yaml:2: model.decoder.num_heads: YZ105 6 heads do not divide the decoder's width 64 "
        "(model.decoder.d_model: exp.yaml:2)\n"
        "  fix: set model.decoder.num_heads to a divisor of 64, or change model.decoder.d_model"
    )


def test_backbones_are_offered(refusal):
    assert (
        refusal("epochs: 1\nmodel: {backbone: {name: tiny_cn}}\n").splitlines()[1] == "  fix: did you mean 'tiny_cnn'?"
    )


@pytest.mark.parametrize(("written", "value"), [("auto", "auto"), ("true", True), ("false", False)])
def test_pose_heads_are_there_as_the_data_has_poses_or_as_asked_for(load, written, value):
    assert load(f"epochs: 1\nmodel: {{pose: {written}}}\n").contract.model.model.pose == value
    assert load("epochs: 1\n").contract.model.model.pose == "auto"


@pytest.mark.parametrize("written", ["1", "yes", "null", '"true"'])
def test_what_is_no_answer_about_pose_heads(refusal, written):
    assert refusal(f"epochs: 1\nmodel: {{pose: {written}}}\n").startswith("exp.yaml:2: model.pose: YZ10")
