import pytest


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_openvino_is_asked_for_any_precision(load, precision):
    assert load(f"epochs: 1\nadapter: openvino\ninference_precision: {precision}\n").contract


def test_whatever_runs_the_exported_file_cannot_adapt(refusal):
    assert refusal("epochs: 1\nadapter: openvino\nttt: true\n") == (
        "exp.yaml:3: ttt: YZ105 adapter openvino has no weights that could adapt (adapter: exp.yaml:2)\n"
        "  fix: set adapter: rtdetr_pose, or drop ttt"
    )
