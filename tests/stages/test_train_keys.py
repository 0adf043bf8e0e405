"""Every section that the training stage reads arrives where it acts."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.stages.test_train import context, inputs, outputs_in, spec  # noqa: F401 - `inputs` is a fixture
from tests.training.tiny import CLASSES, MODEL
from yolozu.contract.sections.data import AugmentSection, PreprocessSection
from yolozu.contract.sections.losses import LossSection, LossWeights
from yolozu.contract.sections.matching import MatchingSection
from yolozu.contract.sections.model import ModelConfig, ModelSection
from yolozu.contract.sections.operations import OperationsSection
from yolozu.contract.sections.optim import LengthSection, OptimSection, ScheduleSection
from yolozu.contract.sections.train import DeviceSection, LoopSection, MimSection, SeedSection
from yolozu.data import dataset as dataset_module
from yolozu.data.augmentation.augment import draw_variation, generator_for
from yolozu.data.index import DataIndex
from yolozu.errors import UsageError
from yolozu.model.detector import build_detector
from yolozu.model.outputs import DetectorOutput
from yolozu.stages.train import run
from yolozu.structures.targets import Targets
from yolozu.training import loop as loop_module
from yolozu.training.randomness import seeded


class Caught(Exception):
    """Training would begin here."""


@pytest.fixture
def begun(inputs, tmp_path, monkeypatch):  # noqa: F811
    """``begun(**sections)``: what training is begun with, as (config, materials)."""

    def catch(config, materials, *_, **__):
        raise Caught(config, materials)

    def begin(operations=None, **sections):
        monkeypatch.setattr(loop_module, "fit", catch)
        changes = {} if operations is None else {"operations": operations}
        with pytest.raises(Caught) as caught:
            run(spec(**sections), inputs, outputs_in(tmp_path / "out"), context(tmp_path, **changes))
        return caught.value.args

    return begin


@pytest.mark.effect("seed")
@pytest.mark.parametrize("seed", [0, 5])
def test_the_seed_decides_weights_order_and_variation(begun, seed):
    config, materials = begun(seed=SeedSection(seed=seed), augment=AugmentSection(translate=0.5))
    with seeded(seed, "weights"):
        expected = build_detector(MODEL, num_classes=len(CLASSES)).state_dict()
    found = materials.detector.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in found.items())
    assert config.seed == seed
    shift = draw_variation(AugmentSection(translate=0.5), generator_for(seed, 0, 0)).shift_x
    assert materials.train_images[0, 0].placement.pad_x_px == pytest.approx(64 * shift)


@pytest.mark.effect("device")
def test_a_device_that_is_not_there_ends_training_before_it_begins(inputs, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UsageError, match=r"device: cuda:3: YZ501 this machine has no CUDA device"):
        run(spec(device=DeviceSection(device="cuda:3")), inputs, outputs_in(tmp_path / "out"), context(tmp_path))


@pytest.mark.effect("image_size", "letterbox_fill")
def test_images_are_prepared_as_asked_for_in_training_and_validation(begun):
    _, materials = begun(preprocess=PreprocessSection(image_size=(64, 96), letterbox_fill=9))
    for sample in (materials.train_images[0, 0], materials.val_images[0]):
        assert sample.image_HW3.shape == (64, 96, 3)
        assert (sample.image_HW3[:, :16] == 9).all()
        assert (sample.image_HW3[:, 16:80] != 9).any()
    assert (materials.preprocess.height, materials.preprocess.width, materials.preprocess.fill) == (64, 96, 9)


@pytest.mark.slow
@pytest.mark.effect("hflip_prob")
def test_training_images_are_varied_and_held_out_ones_are_not(begun):
    _, plain = begun()
    _, flipped = begun(augment=AugmentSection(hflip_prob=1.0))
    np.testing.assert_array_equal(flipped.train_images[0, 0].image_HW3, plain.train_images[0, 0].image_HW3[:, ::-1])
    np.testing.assert_array_equal(flipped.val_images[0].image_HW3, plain.val_images[0].image_HW3)


@pytest.mark.effect("loss_weights.vfl", "loss_weights.giou", "use_matcher")
def test_the_loss_is_the_one_of_the_contract(begun):
    losses = LossSection(loss_weights=LossWeights(vfl=0.0, giou=0.0))
    _, materials = begun(matching=MatchingSection(use_matcher=False), losses=losses)
    sample = materials.val_images[0]
    boxes = torch.from_numpy(sample.boxes_cxcywh)
    assert len(boxes) > 0
    targets = _targets(sample.labels, boxes)
    _, parts = materials.loss.of_predictions(_predicting(boxes + 0.1), targets)
    assert list(parts) == ["bbox"]
    assert parts["bbox"].item() == pytest.approx(5.0 * 0.4, rel=1e-5)


@pytest.mark.effect("enable_mim", "mim_mask_prob", "mim_patch_size", "loss_weights.mim")
def test_hidden_patches_are_painted_as_asked_for(begun):
    losses, preprocess = (
        LossSection(loss_weights=LossWeights(mim=7.0)),
        PreprocessSection(image_size=64, letterbox_fill=51),
    )
    _, plain = begun(losses=losses)
    assert (plain.detector.reconstruction, plain.mim_weight) == (None, 0.0)
    mim = MimSection(enable_mim=True, mim_mask_prob=0.3, mim_patch_size=32)
    _, painting = begun(losses=losses, mim=mim, preprocess=preprocess)
    head = painting.detector.reconstruction
    assert (head.mask_prob, head.patch_size, painting.mim_weight) == (0.3, 32, 7.0)
    assert head.fill_3 == pytest.approx((0.2, 0.2, 0.2))


@pytest.mark.effect("cache")
@pytest.mark.parametrize(("cache", "reads"), [("none", 3), ("ram", 1)])
def test_cached_images_are_read_once_for_training_and_once_for_validation(begun, monkeypatch, cache, reads):
    _, materials = begun(operations=OperationsSection(cache=cache))
    count, read = [], dataset_module.pixels_of
    monkeypatch.setattr(dataset_module, "pixels_of", lambda record: count.append(record) or read(record))
    trained = [materials.train_images[epoch, 2].image_HW3 for epoch in range(3)]
    assert len(count) == reads
    np.testing.assert_array_equal(trained[0], trained[2])
    held_out = [materials.val_images[0].image_HW3 for _ in range(3)]
    assert len(count) == 2 * reads
    np.testing.assert_array_equal(held_out[0], held_out[2])


def test_the_sections_of_the_loop_are_handed_on_whole(begun):
    sections = {
        "optim": OptimSection(lr=0.3, clip_grad_norm=2.0),
        "schedule": ScheduleSection(scheduler="cosine", min_lr=0.1),
        "length": LengthSection(epochs=7),
        "loop": LoopSection(batch_size=5, use_ema=True),
    }
    config, _ = begun(operations=OperationsSection(log_every=3), **sections)
    assert {name: getattr(config, name) for name in sections} == sections
    assert config.operations == OperationsSection(log_every=3)


@pytest.mark.effect("model.num_queries")
def test_the_detector_is_the_one_of_the_contract_with_the_classes_of_the_data(begun, inputs):  # noqa: F811
    model = ModelSection(model=ModelConfig.model_validate({**MODEL.model_dump(), "num_queries": 11}))
    _, materials = begun(model=model)
    assert materials.detector.selector.num_queries == 11
    classifier = materials.detector.selector.logits
    widths = {layer.out_features for layer in classifier.modules() if isinstance(layer, nn.Linear)}
    assert widths == {len(DataIndex.read(inputs.train).classes)}


def _targets(labels, boxes):
    return Targets(torch.from_numpy(labels)[None], boxes[None], torch.ones(1, len(boxes), dtype=torch.bool))


def _predicting(boxes):
    return DetectorOutput(torch.zeros(1, len(boxes), len(CLASSES)), boxes[None])
