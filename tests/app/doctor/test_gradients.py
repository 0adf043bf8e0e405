import pytest

from yolozu.app.doctor.gradients import gradient_shares
from yolozu.app.doctor.trials import train, with_objects
from yolozu.data.index import DataIndex


@pytest.mark.slow
def test_every_loss_that_has_something_to_learn_from_has_a_share(bench):
    few = with_objects(DataIndex.read(bench.root / "data/train.json"), 4)
    train(bench, few, few, steps=1, name="one")
    shares = gradient_shares(bench, few, name="one")
    assert set(shares) == {"vfl", "bbox", "giou", "log_z", "rot", "offsets", "t"}  # k: the cameras are as told
    assert sum(shares.values()) == pytest.approx(1.0)
