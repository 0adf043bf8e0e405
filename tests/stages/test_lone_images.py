import pytest

from yolozu.contract.sections.model import ModelConfig
from yolozu.contract.sections.train import LoopSection
from yolozu.stages.lone_images import lone_image_lines

BN, GN = (ModelConfig.model_validate({"backbone": {"norm": norm}, "encoder": {"norm": norm}}) for norm in ("bn", "gn"))
SAID = (
    "note: the last batch of an epoch is one image, and of 32x32 px its coarsest map is one cell: "
    "batch normalization takes its running statistics there",
)


@pytest.mark.parametrize(
    ("config", "multiscale", "side", "num_images", "said"),
    [
        (BN, False, 32, 5, SAID),
        (BN, (32, 64), 64, 9, SAID),
        (BN, False, 32, 6, ()),
        (BN, False, 64, 5, ()),
        (BN, (64, 96), 32, 5, ()),
        (GN, False, 32, 5, ()),
    ],
)
def test_a_last_batch_of_one_image_of_one_cell_is_told_of(config, multiscale, side, num_images, said):
    loop = LoopSection(batch_size=4)
    assert lone_image_lines(loop, config, multiscale, (side, side), num_images=num_images) == said
