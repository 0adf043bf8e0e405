from __future__ import annotations

import torch

from yolozu.model.input_sides import input_sides


def test_width_comes_before_height_in_the_type_of_the_values():
    found = input_sides(torch.zeros(2, 3, dtype=torch.float64), (64, 96))
    assert torch.equal(found, torch.tensor([96.0, 64.0], dtype=torch.float64))


def test_a_graph_of_any_size_holds_no_numbers_of_the_traced_one():
    class Sides(torch.nn.Module):
        def forward(self, images):
            return input_sides(images, (images.shape[-2], images.shape[-1]))

    free = {"images": {2: torch.export.Dim("height"), 3: torch.export.Dim("width")}}
    program = torch.export.export(Sides(), (torch.zeros(1, 3, 4, 5),), dynamic_shapes=free)
    assert program.module()(torch.zeros(1, 3, 7, 9)).tolist() == [9.0, 7.0]
