"""Detectors start from published weights and from our own: exactly, class by class, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.model.weights.own import ABC, checkpoint_in, config, fresh, trained
from tests.model.weights.published import CONTRACTS, NUM_QUERIES, official_state
from yolozu.contract.loader import load_contract
from yolozu.contract.sections.model import ModelConfig
from yolozu.errors import InputError
from yolozu.model.lora import base_name, is_lora_parameter, merged_weight
from yolozu.model.weights.initialize import initialize

SEVEN = ("person", "cat", "dog", "cup", "bowl", "chair", "tv")
EXAMPLES = Path(__file__).parents[3] / "configs/examples"
EMBEDDING = "denoising.embedding.weight"
HEADS = [
    "selector.logits.weight",
    "selector.logits.bias",
    *[f"decoder.heads.logits.{layer}.{kind}" for layer in range(3) for kind in ("weight", "bias")],
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # transformers' own
def test_query_selection_without_classes_is_refused_in_one_sentence(published, tmp_path):
    version = 2 if published.model.config.model_type == "rt_detr_v2" else 1
    state = official_state(published.model, version)
    for name in ("decoder.enc_score_head.weight", "decoder.enc_score_head.bias"):
        state[name] = state[name][:1]
    torch.save(state, tmp_path / "weights.pth")
    with pytest.raises(InputError) as caught:
        initialize(published.own(), published.config, SEVEN, tmp_path / "weights.pth", None)
    assert str(caught.value) == (
        f"{tmp_path}/weights.pth: YZ420 asks for query_select_method: 'agnostic' (here: 'default'): "
        "its query selection scores no classes, which no contract can say\n  fix: give other weights"
    )


def assert_computes_the_same(detector, published, height, width):
    """Query by query; two whose scores differ by less than float sums do may have changed places."""
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(height))
    with torch.no_grad():
        theirs, ours = published.model(images), detector(images)
    expected = torch.cat([theirs.logits, theirs.pred_boxes], dim=-1)
    found = torch.cat([ours.pred_logits, ours.pred_boxes], dim=-1)
    distance, place = (expected[:, :, None] - found[:, None]).abs().amax(dim=-1).min(dim=2)
    assert distance.max() <= 1e-4
    in_order = torch.arange(NUM_QUERIES).expand_as(place)
    assert torch.equal(place.sort(dim=1).values, in_order)
    assert (place - in_order).abs().max() <= 1
    assert expected.std(dim=(0, 1)).mean() > 0.02  # queries differ, by far more than the tolerance


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # transformers' own
def test_it_computes_what_transformers_computes_and_reads_the_same_from_both_layouts(published, tmp_path):
    detector = published.own()
    done = initialize(detector, published.config, SEVEN, published.directory, None)
    version = 2 if published.model.config.model_type == "rt_detr_v2" else 1
    assert done.kind == f"an RT-DETR{'v2' if version == 2 else ''} of transformers"
    assert {row.action for row in done.table} == {"copied"}
    assert_computes_the_same(detector, published, 128, 128)
    assert_computes_the_same(detector, published, 160, 128)

    other = {"backbone.conv1.conv1_1.conv.weight": torch.zeros(1)}
    entries = {"model": other, "ema": {"module": official_state(published.model, version), "updates": 7}, "date": "now"}
    torch.save(entries, tmp_path / "weights.pth")
    again = published.own()
    done = initialize(again, published.config, SEVEN, tmp_path / "weights.pth", None)
    assert done.kind == f"an official RT-DETR{'v2' if version == 2 else ''}, its ema.module"
    expected = detector.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in again.state_dict().items())


@pytest.mark.parametrize("shape", ["r18", "r50"])
def test_the_example_contracts_are_of_the_published_architecture(shape):
    example = load_contract(EXAMPLES / f"rtdetr_{shape}vd.yaml", strict=True).contract.model.model
    assert example == ModelConfig.model_validate(CONTRACTS[shape])


def from_file(path, names=ABC, head_init=None, **changes):
    """A fresh detector before and after, and what was told."""
    detector = fresh(names, **changes)
    before = {name: tensor.clone() for name, tensor in detector.state_dict().items()}
    done = initialize(detector, config(**changes), names, path, head_init)
    return before, detector.state_dict(), done


def refusal(path, names=ABC, head_init=None, **changes):
    with pytest.raises(InputError) as caught:
        from_file(path, names, head_init, **changes)
    return str(caught.value)


@pytest.fixture
def given(tmp_path):
    """A trained detector's state, and its checkpoint; its counters have counted."""
    detector = trained()
    for name, tensor in detector.state_dict().items():
        if name.endswith("num_batches_tracked"):
            tensor.fill_(9)
    return detector.state_dict(), checkpoint_in(tmp_path / "best.pt", detector)


def test_a_checkpoint_of_ours_gives_its_evaluation_weights_bit_for_bit(given):
    state, path = given
    _, after, done = from_file(path)
    counters = {name for name in after if name.endswith("num_batches_tracked")}
    assert all(torch.equal(tensor, state[name]) for name, tensor in after.items() if name not in counters)
    assert {int(after[name]) for name in counters} == {0}
    total = sum(tensor.numel() for name, tensor in after.items() if name not in counters)
    assert done.kind == "a yolozu checkpoint of step 40 (moving average)"
    assert done.lines("best.pt") == [f"weights from best.pt ({done.kind}): {total:,} numbers, 0 new"]
    assert [entry.from_name for entry in done.classes] == ["a", "b", "c"]


def test_extend_keeps_the_old_rows_bit_for_bit_and_adds_new_ones(given):
    state, path = given
    before, after, done = from_file(path, ("a", "b", "c", "d"), "extend")
    for name in HEADS:
        assert torch.equal(after[name][:3], state[name])
        assert torch.equal(after[name][3], before[name][3])
    assert torch.equal(after[EMBEDDING][:3], state[EMBEDDING][:3])
    assert torch.equal(after[EMBEDDING][3], before[EMBEDDING][3])
    assert torch.equal(after[EMBEDDING][4], state[EMBEDDING][3])  # padding stays the last row
    assert torch.equal(after["decoder.heads.boxes.0.layers.2.weight"], state["decoder.heads.boxes.0.layers.2.weight"])
    assert done.lines("best.pt")[1:] == ["  3 of 4 classes from it; new: d"]
    table = {(row.part, row.action): (row.tensors, row.values_from_file, row.values_new) for row in done.table}
    assert table["selector", "extended"] == (2, 3 * 33, 33)
    assert table["decoder", "extended"] == (6, 3 * 3 * 33, 3 * 33)
    assert table["denoising", "extended"] == (1, 4 * 32, 32)
    assert {action for _, action in table} == {"copied", "extended"}


@pytest.mark.slow
def test_remap_follows_the_names(given):
    state, path = given
    before, after, done = from_file(path, ("c", "new", "a"), "remap")
    for name in [*HEADS, EMBEDDING]:
        assert torch.equal(after[name][0], state[name][2])
        assert torch.equal(after[name][1], before[name][1])
        assert torch.equal(after[name][2], state[name][0])
    assert [(entry.name, entry.from_index, entry.from_name) for entry in done.classes] == [
        ("c", 2, "c"),
        ("new", None, None),
        ("a", 0, "a"),
    ]
    assert [row.action for row in done.table if row.part == "selector"] == ["copied", "remapped"]


@pytest.mark.slow
def test_reinit_leaves_all_class_rows_as_the_seed_gives_them(given):
    state, path = given
    before, after, done = from_file(path, ABC, "reinit")
    assert all(torch.equal(after[name], before[name]) for name in [*HEADS, EMBEDDING])
    assert torch.equal(after["selector.proj.weight"], state["selector.proj.weight"])
    assert [row.values_from_file for row in done.table if row.action == "re-initialized"] == [0, 0, 0]


def test_other_classes_need_a_word(given):
    _, path = given
    assert refusal(path, ("a", "b")) == (
        f"{path}: YZ419 has 3 classes, the data set has 2\n"
        "  fix: set head_init: remap (keep the classes that have the same name), extend (keep all, and add), "
        "or reinit (keep none)"
    )


def test_as_many_classes_under_other_names_are_taken_with_a_warning(given):
    _, path = given
    _, _, done = from_file(path, ("a", "x", "c"))
    assert done.notes == [
        "warning: classes keep their places but not their names: 1 was 'b', is 'x'; head_init: remap goes by name"
    ]


@pytest.mark.slow
def test_a_detector_is_left_alone_when_the_file_does_not_fit(given):
    _, path = given
    detector = fresh(decoder={**config().decoder.model_dump(), "num_layers": 2})
    before = {name: tensor.clone() for name, tensor in detector.state_dict().items()}
    with pytest.raises(InputError):
        initialize(detector, config(decoder={**config().decoder.model_dump(), "num_layers": 2}), ABC, path, None)
    assert all(torch.equal(tensor, before[name]) for name, tensor in detector.state_dict().items())


def test_all_reasons_come_together(given):
    _, path = given
    message = refusal(path, ("a", "b"), decoder={**config().decoder.model_dump(), "num_layers": 2})
    assert "is of another architecture: model.decoder.num_layers is 3, in the contract 2\n" in message
    assert "fix: set model.decoder.num_layers: 3\n" in message
    assert "unexpected: decoder.heads.boxes.2.* (6), decoder.heads.logits.2.* (2), decoder.layers.2.* (26)\n" in message
    assert "has 3 classes, the data set has 2\n" in message


@pytest.mark.slow
def test_denoising_that_the_contract_turns_off_is_left_out_and_one_that_it_turns_on_needs_a_word(given, tmp_path):
    _, path = given
    _, after, done = from_file(path, denoising={"num_queries": 0})
    assert EMBEDDING not in after
    assert done.left_out == [EMBEDDING]
    without = checkpoint_in(
        tmp_path / "without.pt", trained(denoising={"num_queries": 0}), denoising={"num_queries": 0}
    )
    assert refusal(without) == (
        f"{without}: YZ418 1 tensor is missing: {EMBEDDING}\n  fix: give weights of the contract's architecture"
    )
    before, after, done = from_file(without, ABC, "extend")
    assert torch.equal(after[EMBEDDING], before[EMBEDDING])
    assert [row.action for row in done.table if row.part == "denoising"] == ["re-initialized"]


def test_numbers_that_are_none_are_refused(tmp_path):
    detector = trained()
    detector.selector.proj.weight.data[0, 0] = torch.nan
    path = checkpoint_in(tmp_path / "best.pt", detector)
    assert refusal(path) == (
        f"{path}: YZ422 holds NaN or infinite numbers: selector.proj.weight\n  fix: give an intact copy"
    )


def test_a_backbone_of_torchvision_leaves_the_rest_as_it_is(tmp_path):
    tiny = {"backbone": {"name": "resnet50", "args": {"width_mult": 0.125, "depth_mult": 0.34}}}
    given = trained(**tiny).backbone
    theirs = {given.torchvision_name(name): tensor for name, tensor in given.state_dict().items()}
    torch.save({**theirs, "fc.weight": torch.zeros(1000, 8)}, tmp_path / "resnet50.pth")
    before, after, done = from_file(tmp_path / "resnet50.pth", **tiny)
    for name, tensor in after.items():
        if name.startswith("backbone."):
            assert name.endswith("tracked") or torch.equal(tensor, given.state_dict()[name.removeprefix("backbone.")])
        else:
            assert torch.equal(tensor, before[name])
    assert {(row.part, row.action) for row in done.table if row.action == "copied"} == {("backbone", "copied")}
    assert (done.kind, done.classes) == ("a backbone of torchvision", [])
    assert refusal(tmp_path / "resnet50.pth", ABC, "remap", **tiny) == (
        f"{tmp_path / 'resnet50.pth'}: YZ419 is a backbone without classes, so head_init: remap means nothing\n"
        "  fix: drop head_init"
    )
    assert refusal(tmp_path / "resnet50.pth") == (
        f"{tmp_path / 'resnet50.pth'}: YZ417 holds a backbone of torchvision, and the contract's backbone is none that "
        "torchvision has\n  fix: set model.backbone.name: resnet50, or give other weights"
    )


@pytest.mark.slow
def test_the_moving_average_starts_from_the_file(given):
    from yolozu.optim.ema import MovingAverage

    state, path = given
    detector = fresh()
    initialize(detector, config(), ABC, path, None)
    average = MovingAverage(detector, decay=0.9).tensors()
    assert torch.equal(average["selector.proj.weight"], state["selector.proj.weight"])


LORA = {"rank": 2, "alpha": 3.0, "target": "all_linear_conv1x1"}


def without_adapters(state):
    return {base_name(name): value for name, value in state.items() if not is_lora_parameter(name)}


def test_a_file_without_adapters_fills_the_base_and_leaves_adapters_fresh(given):
    state, path = given
    before, after, done = from_file(path, lora=LORA)
    filled = without_adapters(after)
    assert list(filled) == list(state)
    assert all(torch.equal(filled[name], state[name]) for name in filled if not name.endswith("num_batches_tracked"))
    adapters = [name for name in after if is_lora_parameter(name)]
    assert all(torch.equal(after[name], before[name]) for name in adapters)
    assert all(not after[name].any() for name in adapters if name.endswith("lora_up.weight"))
    assert done.lines("best.pt")[1:] == [f"  {len(adapters) // 2} layers have new adapters, which begin without effect"]


def test_rows_of_classes_are_extended_in_the_base(given):
    state, path = given
    before, after, _ = from_file(path, ("a", "b", "c", "d"), "extend", lora=LORA)
    name = "selector.logits.base.weight"
    assert torch.equal(after[name][:3], state["selector.logits.weight"])
    assert torch.equal(after[name][3], before[name][3])


@pytest.mark.parametrize("again", [{}, {"lora": LORA}], ids=["plain", "adapters"])
def test_adapters_of_a_file_are_merged_first(tmp_path, again):
    """A new network computes what the file's did, whether it has adapters itself or not."""
    adapted = trained(lora=LORA)
    path = checkpoint_in(tmp_path / "adapted.pt", adapted, lora=LORA)
    images = torch.rand(1, 3, 128, 128)
    detector = fresh(**again)
    done = initialize(detector, config(**again), ABC, path, None)
    with torch.no_grad():
        expected, found = (network.eval()(images) for network in (adapted, detector))
    torch.testing.assert_close(found.pred_logits, expected.pred_logits, rtol=0.0, atol=1e-4)
    assert "  the file's adapters (rank 2) are merged into its weights" in done.lines("adapted.pt")
    plain = without_adapters(detector.state_dict())
    assert torch.equal(plain["selector.proj.weight"], merged_weight(
        *(adapted.state_dict()[f"selector.proj.{name}.weight"] for name in ("base", "lora_down", "lora_up")), 1.5
    ))  # fmt: skip


def of_poses(name):
    return name.startswith(("decoder.pose_heads.", "k_head."))


def test_pose_heads_begin_anew_where_the_file_has_none(given):
    state, path = given
    before, after, done = from_file(path, pose=True)
    new = {name for name in after if of_poses(name)}
    assert len(new) > 0
    assert all(torch.equal(after[name], before[name]) for name in new)
    rest = [name for name in after if name not in new and not name.endswith("num_batches_tracked")]
    assert all(torch.equal(after[name], state[name]) for name in rest)
    assert done.notes == ["the pose heads are new: the file has none"]
    rows = {(row.part, row.action): row.tensors for row in done.table}
    assert rows["k_head", "re-initialized"] == 6
    assert rows["decoder", "re-initialized"] == len(new) - 6


@pytest.mark.slow
def test_pose_heads_come_from_a_file_that_has_them(tmp_path):
    detector = trained(pose=True, use_uncertainty=True)
    path = checkpoint_in(tmp_path / "best.pt", detector, pose=True, use_uncertainty=True)
    _, after, done = from_file(path, pose=True, use_uncertainty=True)
    state = detector.state_dict()
    assert all(torch.equal(after[name], state[name]) for name in after if of_poses(name))
    assert done.notes == []


def test_some_pose_heads_without_the_others_are_refused(tmp_path):
    """Heads begin anew together or not at all, so that nobody takes an untrained one for a trained one."""
    path = checkpoint_in(tmp_path / "best.pt", trained(pose=True), pose=True)
    said = refusal(path, pose=True, use_uncertainty=True)
    assert "decoder.pose_heads.log_sigma_z" in said


def test_pose_heads_without_use_here_are_refused(tmp_path):
    path = checkpoint_in(tmp_path / "best.pt", trained(pose=True), pose=True)
    assert "pose_heads" in refusal(path)


PAINTING = {"reconstruction": {"mask_prob": 0.5, "patch_size": 16}}


def test_a_reconstruction_head_begins_anew_where_the_file_has_none(given):
    state, path = given
    before, after, done = from_file(path, **PAINTING)
    new = {name for name in after if name.startswith("reconstruction.")}
    assert len(new) == 8
    assert all(torch.equal(after[name], before[name]) for name in new)
    rest = [name for name in after if name not in new and not name.endswith("num_batches_tracked")]
    assert all(torch.equal(after[name], state[name]) for name in rest)
    assert done.notes == ["the reconstruction head is new: the file has none"]
    assert {(row.part, row.action): row.tensors for row in done.table}["reconstruction", "re-initialized"] == 8


def test_a_reconstruction_head_comes_from_a_file_that_has_one_however_patches_were_hidden_then(tmp_path):
    detector = trained(reconstruction={"mask_prob": 0.7, "patch_size": 8})
    path = checkpoint_in(tmp_path / "best.pt", detector)
    _, after, done = from_file(path, **PAINTING)
    state = detector.state_dict()
    assert all(torch.equal(after[name], state[name]) for name in after if name.startswith("reconstruction."))
    assert (done.notes, done.left_out) == ([], [])


def test_a_reconstruction_head_without_use_here_is_left_out(tmp_path):
    detector = trained(**PAINTING)
    path = checkpoint_in(tmp_path / "best.pt", detector)
    _, after, done = from_file(path)
    state = detector.state_dict()
    rest = [name for name in after if not name.endswith("num_batches_tracked")]
    assert all(torch.equal(after[name], state[name]) for name in rest)
    assert done.left_out == sorted(name for name in state if name.startswith("reconstruction."))
    assert done.lines(str(path))[1:] == ["  the file's reconstruction head is left out: enable_mim is off"]


def test_half_a_reconstruction_head_is_refused(tmp_path):
    detector = trained(**PAINTING)
    del detector.reconstruction.levels[2]
    path = checkpoint_in(tmp_path / "best.pt", detector)
    assert "2 tensors are missing: reconstruction.levels.2.* (2)" in refusal(path, **PAINTING)
