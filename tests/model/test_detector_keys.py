"""Every key behind the backbone, by the tensors or the outputs it decides."""

import pytest
import torch
from torch import nn

from tests.model.tiny import CONFIG, NUM_CLASSES, images, targets
from yolozu.contract.sections.model import ModelConfig
from yolozu.geometry.boxes import cxcywh_to_xyxy
from yolozu.model.detector import build_detector

D = 32
"""Width of the tiny detector, whose other numbers are in `tests.model.tiny`."""


def build(**changes):
    """A tiny detector; ``part={...}`` adds to the keys of a part, ``key=value`` replaces one."""
    merged = {key: {**CONFIG[key], **value} if isinstance(value, dict) else value for key, value in changes.items()}
    torch.manual_seed(0)
    return build_detector(ModelConfig.model_validate({**CONFIG, **merged}), num_classes=NUM_CLASSES)


def shape(detector, name):
    return tuple(detector.state_dict()[name].shape)


def outputs_differ(first, second):
    """Whether two detectors with the same weights say different things about the same images."""
    second.load_state_dict(first.state_dict())
    with torch.no_grad():
        one, other = (detector.eval()(images()).pred_logits for detector in (first, second))
    return not torch.allclose(one, other, atol=1e-4)


@pytest.mark.effect("model.decoder.d_model")
def test_the_decoder_may_have_a_width_of_its_own():
    detector = build(decoder={"d_model": 64})
    assert detector.encoder.lateral[0].conv.out_channels == D
    assert shape(detector, "decoder.layers.0.self_norm.weight") == (64,)


@pytest.mark.effect("model.encoder.num_layers")
@pytest.mark.parametrize("layers", [0, 3])
def test_the_encoder_has_so_many_attention_layers(layers):
    assert len(build(encoder={"num_layers": layers}).encoder.attention.layers) == layers


@pytest.mark.effect("model.decoder.num_layers")
def test_the_decoder_has_so_many_layers_each_with_its_heads():
    detector = build(decoder={"num_layers": 5})
    assert len(detector.decoder.layers) == len(detector.decoder.heads["boxes"]) == 5
    assert detector.train()(images()).queries["logits"].shape[0] == 5


@pytest.mark.effect("model.encoder.num_heads")
def test_the_encoder_s_heads_split_its_attention():
    """No tensor has another shape; with one head and with eight (the default), the same weights mix differently."""
    assert build(encoder={"num_heads": 1}).encoder.attention.layers[0].attention.num_heads == 1
    assert outputs_differ(build(encoder={"num_heads": 1}), build(encoder={"num_heads": 8}))


@pytest.mark.effect("model.decoder.num_heads", "model.decoder.num_points")
@pytest.mark.parametrize(("heads", "points"), [(2, 3), (4, 1)])
def test_every_head_of_the_decoder_samples_so_many_points_on_each_of_three_levels(heads, points):
    detector = build(decoder={"num_heads": heads, "num_points": points})
    weights = [name for name in detector.state_dict() if name.startswith("decoder.layers.0.cross_attention.")]
    widths = {detector.state_dict()[name].shape[0] for name in weights}
    assert {2 * heads * 3 * points, heads * 3 * points} <= widths


@pytest.mark.effect("model.encoder.ffn_dim", "model.decoder.ffn_dim")
def test_feed_forward_parts_have_their_own_widths():
    detector = build(encoder={"ffn_dim": 40}, decoder={"ffn_dim": 56})
    assert shape(detector, "encoder.attention.layers.0.feed_forward.linear1.weight") == (40, D)
    assert shape(detector, "decoder.layers.0.feed_forward.linear1.weight") == (56, D)


@pytest.mark.effect("model.encoder.expansion")
@pytest.mark.parametrize(("expansion", "hidden"), [(0.5, 16), (2.0, 64)])
def test_fusion_blocks_are_as_wide_as_the_expansion_says(expansion, hidden):
    detector = build(encoder={"expansion": expansion})
    widths = {
        weight.shape[0]
        for name, weight in detector.encoder.named_parameters()
        if "blocks" in name and weight.dim() == 4
    }
    assert widths == {hidden}


@pytest.mark.effect("model.encoder.fusion_blocks")
def test_each_fusion_has_so_many_blocks():
    assert {
        len(part.blocks) for part in build(encoder={"fusion_blocks": 2}).encoder.modules() if hasattr(part, "blocks")
    } == {2}


@pytest.mark.effect("model.decoder.dropout")
def test_dropout_blurs_training_and_leaves_evaluation_alone():
    detector = build(decoder={"dropout": 0.5}, denoising={"num_queries": 0}).train()
    for module in detector.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    with torch.no_grad():
        noisy = [detector(images()).queries["logits"] for _ in range(2)]
        clear = [detector.eval()(images()).pred_logits for _ in range(2)]
    assert not torch.allclose(*noisy)
    assert torch.equal(*clear)


@pytest.mark.effect("model.denoising.num_queries")
@pytest.mark.parametrize(("asked", "made"), [(0, 0), (8, 2 * 8), (9, 2 * 8), (1, 2 * 1)])
def test_as_many_denoising_queries_as_whole_copies_of_all_objects_fit(asked, made):
    output = build(denoising={"num_queries": asked}).train()(images(), targets(1, 4), torch.Generator().manual_seed(0))
    assert (0 if output.denoising is None else output.denoising.groups.num_queries) == made


def noised(**keys):
    """Object labels, embedded classes, and boxes (before and after the noise) of positive queries."""
    detector = build(denoising={"num_queries": 200, **keys})
    truth = targets(2, 2)
    queries = detector.denoising(truth, torch.Generator().manual_seed(0))
    positive = queries.groups.is_positive(torch.device("cpu"))
    object_N = queries.groups.object_of_query(torch.device("cpu"))[positive]
    table = detector.denoising.embedding.weight
    classes = torch.cdist(queries.content_BND[:, positive], table[None]).argmin(dim=-1)
    return truth, object_N, classes, queries.box_logits_BN4[:, positive].sigmoid()


@pytest.mark.effect("model.denoising.label_noise")
@pytest.mark.parametrize("label_noise", [0.0, 0.3, 1.0])
def test_half_of_the_label_noise_starts_from_any_class(label_noise):
    truth, object_N, classes, _ = noised(label_noise=label_noise)
    wrong = (classes != truth.labels_BT[:, object_N]).float().mean().item()
    expected = 0.5 * label_noise * (1 - 1 / NUM_CLASSES)
    assert wrong == pytest.approx(expected, abs=0.05 if label_noise else 0.0)


@pytest.mark.slow
@pytest.mark.effect("model.denoising.box_noise")
@pytest.mark.parametrize("box_noise", [0.0, 0.5])
def test_corners_move_by_up_to_half_the_side_times_the_box_noise(box_noise):
    truth, object_N, _, boxes = noised(box_noise=box_noise)
    before = truth.boxes_BT4[:, object_N]
    moved = (cxcywh_to_xyxy(boxes) - cxcywh_to_xyxy(before)).abs() / before[..., 2:].repeat(1, 1, 2)
    assert moved.max() <= 0.5 * box_noise + 1e-4
    assert moved.max() >= 0.45 * box_noise


@pytest.mark.effect("model.num_queries")
def test_an_image_has_so_many_queries():
    assert build(num_queries=7).eval()(images()).pred_boxes.shape == (2, 7, 4)


@pytest.mark.effect("model.anchor_size")
@pytest.mark.parametrize("anchor_size", [0.06, 0.2])
def test_proposals_start_from_squares_of_the_anchor_s_side(anchor_size):
    detector = build(anchor_size=anchor_size).train()
    nn.init.zeros_(detector.selector.boxes.layers[-1].weight)
    nn.init.zeros_(detector.selector.boxes.layers[-1].bias)
    sides = detector(images()).proposals["boxes"][0][..., 2:]
    inside = sides[(sides < 0.99).all(dim=-1)]  # an anchor that would reach over the border proposes the whole image
    assert {round(side, 4) for side in inside.flatten().tolist()} <= {anchor_size, 2 * anchor_size, 4 * anchor_size}
    assert len(inside) > 0


@pytest.mark.effect("model.pose")
@pytest.mark.parametrize(("pose", "heads"), [("auto", []), (False, []), (True, ["log_z", "rot6d", "offsets"])])
def test_pose_heads_are_there_when_asked_for(pose, heads):
    """What ``auto`` stands for is for the data to say, before a detector is built."""
    detector = build(pose=pose)
    assert list(detector.decoder.pose_heads) == heads
    assert (detector.k_head is not None) == bool(heads)


@pytest.mark.slow
@pytest.mark.effect("model.use_uncertainty")
@pytest.mark.parametrize("use_uncertainty", [False, True])
def test_expected_errors_are_predicted_when_asked_for(use_uncertainty):
    said = build(pose=True, use_uncertainty=use_uncertainty).eval()(images()).pose
    assert {"log_sigma_z", "log_sigma_rot"} <= set(said) if use_uncertainty else len(said) == 4
    assert not any("log_sigma" in name for name in build(use_uncertainty=use_uncertainty).eval()(images()).named())
