"""Images to train on, and one training to compare others with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from tests.data.test_stored_store import stored_like_labels
from tests.training.tiny import ADAPTING, CLASSES, PAINTING, POSES, Tiny, make_index, outcome, training_config
from yolozu.data.stored_store import StoredStore

if TYPE_CHECKING:
    from collections.abc import Iterator

POSED_SPLITS = (("train", 11, 0), ("val", 3, 1))


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """Bits depend on the number of threads, and small tensors gain nothing from more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Eleven training images (six batches of two, three windows of two batches) and three held-out ones."""
    root = tmp_path_factory.mktemp("rectangles")
    return Tiny(make_index(root, "train", 11, seed=0), make_index(root, "val", 3, seed=1))


@pytest.fixture(scope="session")
def tiny_poses(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The same with cameras and poses in four images of five, and all that learns them."""
    root = tmp_path_factory.mktemp("posed")
    splits = [make_index(root, split, count, seed=seed, with_poses=True) for split, count, seed in POSED_SPLITS]
    return Tiny(*splits, POSES)


@pytest.fixture(scope="session")
def tiny_painting(tiny: Tiny) -> Tiny:
    """The first of them, with hidden patches to paint."""
    return Tiny(tiny.train, tiny.val, PAINTING)


@pytest.fixture(scope="session")
def tiny_adapting(tiny: Tiny) -> Tiny:
    """The first of them, with adapters."""
    return Tiny(tiny.train, tiny.val, ADAPTING)


@pytest.fixture(scope="session")
def tiny_replaying(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The first of them; three of its images are replayed, with stored outputs."""
    root = tmp_path_factory.mktemp("stored")
    paths = stored_like_labels(tiny.train, root, CLASSES.names)
    store = StoredStore([*[None] * (len(paths) - 3), *paths[-3:]], CLASSES, keep=False)
    return Tiny(tiny.train, tiny.val, num_replayed=3, stored=store)


@pytest.fixture(scope="package")
def uninterrupted(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `training_config()` gives when nobody disturbs it."""
    directory = tmp_path_factory.mktemp("uninterrupted")
    tiny.fit(directory, training_config())
    return outcome(directory)
