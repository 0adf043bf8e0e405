"""What a detector costs."""

import pytest
import torch
from torch import nn

from tests.model.tiny import tiny_detector
from yolozu.errors import InputError
from yolozu.model.attention import SelfAttention
from yolozu.model.profile import Part, latency_of, profile_of


class Toy(nn.Module):
    """A convolution and a matrix product, and a part that inference leaves out."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.head = nn.Linear(8, 5)
        self.unused = nn.Linear(2, 2)
        self.head.bias.requires_grad_(False)

    def forward(self, images):
        return self.head(self.backbone(images).flatten(2).transpose(1, 2))


class Attending(nn.Module):
    def __init__(self, num_tokens, d_model):
        super().__init__()
        self.num_tokens, self.d_model = num_tokens, d_model
        self.attention = SelfAttention(d_model, num_heads=4)

    def forward(self, images):
        tokens = images.new_empty(len(images), self.num_tokens, self.d_model)
        return self.attention(tokens, tokens)


@pytest.mark.slow
def test_multiply_adds_count_twice():
    cells = 32 * 48
    assert profile_of(Toy(), height=64, width=96).parts == (
        Part("backbone", 3 * 8 * 9, 3 * 8 * 9, 2 * 3 * 8 * 9 * cells),
        Part("head", 8 * 5 + 5, 8 * 5, 2 * 8 * 5 * cells),
        Part("unused", 6, 6, 0),
    )


def test_products_inside_attention_count():
    tokens, width = 50, 16
    (part,) = profile_of(Attending(tokens, width), height=32, width=32).parts
    assert part.flops == 4 * (2 * tokens * width * width) + 2 * (2 * tokens * tokens * width)


@pytest.mark.slow
def test_every_part_of_the_detector_is_there():
    detector = tiny_detector()
    profile = profile_of(detector, height=64, width=96)
    assert [part.name for part in profile.parts] == [
        "backbone", "projector", "encoder", "memory_projector", "selector", "decoder", "denoising",
    ]  # fmt: skip
    assert [part.name for part in profile.parts if part.flops == 0] == ["denoising"]
    assert profile.total.parameters == sum(parameter.numel() for parameter in detector.parameters())
    assert {parameter.device.type for parameter in detector.parameters()} == {"cpu"}
    assert detector.training


@pytest.mark.slow
def test_a_detector_without_values_will_do():
    with torch.device("meta"):
        empty = tiny_detector()
    assert profile_of(empty, height=64, width=96) == profile_of(tiny_detector(), height=64, width=96)


def test_images_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="YZ402"):
        profile_of(tiny_detector(), height=65, width=96)


def test_latency_states_how_it_was_measured():
    measured = latency_of(tiny_detector(), height=64, width=64, batch_size=2, device=torch.device("cpu"), runs=3)
    assert measured.seconds > 0
    assert (measured.batch_size, measured.runs, measured.warm_up, measured.device) == (2, 3, 3, "cpu")
    assert measured.threads == torch.get_num_threads()
