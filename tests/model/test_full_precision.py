import torch

from yolozu.model.full_precision import full_precision


def test_products_inside_stay_float32():
    values = torch.ones(2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (values @ values).dtype == torch.bfloat16
        with full_precision(values.device):
            assert (values @ values).dtype == torch.float32


def test_shapes_without_values_will_do():
    values = torch.ones(2, 2, device="meta")
    with full_precision(values.device):
        assert (values @ values).dtype == torch.float32
