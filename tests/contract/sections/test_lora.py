"""What `qlora` means for quantization."""

import pytest

from yolozu.contract.sections.lora import QuantizationSection


@pytest.mark.parametrize(
    ("keys", "scheme", "required"),
    [
        ({}, "none", False),
        ({"torchao_quant": "int8wo"}, "int8wo", False),
        ({"torchao_quant": "int4wo", "torchao_required": True}, "int4wo", True),
        ({"qlora": True}, "int4wo", True),
        ({"qlora": True, "torchao_quant": "int8wo"}, "int8wo", True),
    ],
)
def test_qlora_stands_for_four_bits_where_nothing_is_given(keys, scheme, required):
    section = QuantizationSection(**keys)
    assert (section.scheme, section.required) == (scheme, required)
