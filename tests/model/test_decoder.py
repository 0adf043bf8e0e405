"""The decoder."""

import pytest
import torch

from tests.model.tiny import scattered
from yolozu.model.decoder import Decoder
from yolozu.model.denoising import DenoisingGroups
from yolozu.model.heads.base import HeadSizes
from yolozu.model.reference_boxes import inverse_sigmoid

SIZES = ((4, 6), (2, 3), (1, 1))


def decoder(num_layers=3, pose_head_names=()):
    torch.manual_seed(0)
    module = Decoder(
        HeadSizes(d_model=16, num_classes=3),
        head_names=("logits", "boxes"),
        pose_head_names=pose_head_names,
        num_layers=num_layers,
        num_heads=4,
        num_points=2,
        ffn_dim=24,
        dropout=0.0,
    )
    scattered(module)
    return module


def start(num_queries=5):
    generator = torch.Generator().manual_seed(3)
    shapes = ((2, num_queries, 16), (2, num_queries, 4), (2, 31, 16))
    return [torch.randn(shape, generator=generator) for shape in shapes]


def test_training_gives_all_layers_and_evaluation_the_last():
    module = decoder()
    content, box_logits, memory = start()
    training = module(content, box_logits, memory, SIZES)
    assert training["logits"].shape == (3, 2, 5, 3)
    assert training["boxes"].shape == (3, 2, 5, 4)
    evaluated = module.eval()(content, box_logits, memory, SIZES)
    assert torch.equal(evaluated["logits"], training["logits"][-1:])
    torch.testing.assert_close(evaluated["boxes"], training["boxes"][-1:])


def test_untrained_box_heads_leave_the_boxes_where_they_are():
    module = decoder()
    for head in module.heads["boxes"]:
        torch.nn.init.zeros_(head.layers[-1].weight)
        torch.nn.init.zeros_(head.layers[-1].bias)
    content, box_logits, memory = start()
    boxes = module(content, box_logits, memory, SIZES)["boxes"]
    for layer in boxes:
        torch.testing.assert_close(layer, box_logits.sigmoid(), rtol=1e-4, atol=1e-5)


def test_every_layer_adds_its_change_to_the_box_before_it():
    module = decoder()
    for number, head in enumerate(module.heads["boxes"]):
        torch.nn.init.zeros_(head.layers[-1].weight)
        torch.nn.init.constant_(head.layers[-1].bias, 0.1 * (number + 1))
    content, box_logits, memory = start()
    boxes = module(content, box_logits, memory, SIZES)["boxes"]
    for layer, change in zip(boxes, (0.1, 0.3, 0.6), strict=True):
        torch.testing.assert_close(inverse_sigmoid(layer), box_logits + change, rtol=1e-3, atol=1e-3)


def test_a_layer_s_boxes_teach_its_own_head_and_the_one_before():
    module = decoder()
    content, box_logits, memory = start()
    module(content, box_logits, memory, SIZES)["boxes"][2].sum().backward()
    reached = [bool(head.layers[-1].bias.grad.abs().sum() > 0) for head in module.heads["boxes"]]
    assert reached == [False, True, True]


@pytest.mark.slow
def test_gradients_reach_every_parameter():
    module = decoder()
    content, box_logits, memory = start()
    predicted = module(content, box_logits, memory, SIZES)
    sum(values.square().sum() for values in predicted.values()).backward()
    assert [name for name, parameter in module.named_parameters() if not parameter.grad.abs().sum() > 0] == []


@torch.no_grad()
def test_a_denoising_query_changes_its_own_group_only():
    module = decoder()
    groups = DenoisingGroups(num_groups=2, num_objects=1)  # queries 0-1, 2-3, then 4-8 are matched
    visible = groups.visibility(5, torch.device("cpu"))
    content, box_logits, memory = start(num_queries=9)
    before = module(content, box_logits, memory, SIZES, visible)
    content[:, 0] += 1.0
    box_logits[:, 0] -= 0.5
    after = module(content, box_logits, memory, SIZES, visible)
    for name, values in before.items():
        assert torch.equal(values[:, :, 2:], after[name][:, :, 2:])
        assert not torch.equal(values[:, :, 1], after[name][:, :, 1])


@torch.no_grad()
def test_matching_queries_change_everyone():
    module = decoder()
    visible = DenoisingGroups(num_groups=2, num_objects=1).visibility(5, torch.device("cpu"))
    content, box_logits, memory = start(num_queries=9)
    before = module(content, box_logits, memory, SIZES, visible)["logits"]
    content[:, 8] += 1.0
    after = module(content, box_logits, memory, SIZES, visible)["logits"]
    assert (before != after).any(-1).all(0).all()


def test_pose_heads_say_their_part_in_every_layer_and_see_its_boxes():
    module = decoder(pose_head_names=("log_z", "rot6d", "offsets"))
    content, box_logits, memory = start()
    training = module(content, box_logits, memory, SIZES)
    assert {name: tuple(values.shape) for name, values in training.items()} == {
        "boxes": (3, 2, 5, 4), "logits": (3, 2, 5, 3), "log_z": (3, 2, 5, 1), "rot6d": (3, 2, 5, 6),
        "offsets": (3, 2, 5, 2),
    }  # fmt: skip
    for head in module.pose_heads["offsets"]:
        head.start_at(0.5, -1.0)
    offsets = module(content, box_logits, memory, SIZES)["offsets"]
    sides = training["boxes"][..., 2:] * torch.tensor([6 * 8 * 0.5, -4 * 8 * 1.0])  # of an input of 32 by 48 px
    torch.testing.assert_close(offsets, sides)


def test_evaluation_says_the_poses_of_the_last_layer():
    module = decoder(pose_head_names=("log_z", "rot6d"))
    content, box_logits, memory = start()
    training = module(content, box_logits, memory, SIZES)
    evaluated = module.eval()(content, box_logits, memory, SIZES)
    for name in ("log_z", "rot6d"):
        torch.testing.assert_close(evaluated[name], training[name][-1:])


def test_poses_do_not_teach_boxes():
    """The box that a depth is read from is a constant: only the query learns."""
    module = decoder(pose_head_names=("log_z", "offsets"))
    content, box_logits, memory = start()
    predicted = module(content, box_logits, memory, SIZES)
    (predicted["log_z"].sum() + predicted["offsets"].sum()).backward()
    assert all(parameter.grad is None for parameter in module.heads["boxes"].parameters())
    assert module.layers[0].feed_forward.linear1.weight.grad.abs().sum() > 0
