import pytest

from yolozu.contract.sections.precisions import cells_of


def test_cells_are_each_file_in_each_runtime():
    assert cells_of(["int8"], ["onnxruntime", "openvino:bf16"]) == [
        "fp32/onnxruntime",
        "fp32/openvino:bf16",
        "int8/onnxruntime",
        "int8/openvino:bf16",
    ]


@pytest.mark.parametrize(("key", "word"), [("export_precisions", "int8"), ("parity_runtimes", "openvino")])
def test_what_stands_twice_is_refused(refusal, key, word):
    assert refusal(f"epochs: 1\n{key}: [{word}, {word}]\n") == (
        f"exp.yaml:2: {key}: YZ105 something stands twice in [{word}, {word}]\n  fix: name each once"
    )
