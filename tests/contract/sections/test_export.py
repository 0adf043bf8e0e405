import pytest


@pytest.mark.parametrize("key", ["parity_score_atol", "parity_bbox_atol", "parity_rot_deg", "parity_t_mm"])
def test_a_tolerance_of_zero_is_none(refusal, key):
    assert refusal(f"epochs: 1\n{key}: 0\n").splitlines()[0] == (
        f"exp.yaml:2: {key}: YZ104 must be a number above 0, got 0"
    )


def test_an_operator_set_without_layer_normalization_is_refused(refusal):
    assert "exp.yaml:2: onnx_opset: YZ104 must be" in refusal("epochs: 1\nonnx_opset: 16\n")
