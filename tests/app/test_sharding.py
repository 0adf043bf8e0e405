"""What `yolozu data shard` means."""

import pytest

from tests.data.builders import write_yolo
from yolozu.app.sharding import MOST_BYTES, limits_in, shard_data
from yolozu.errors import UsageError
from yolozu.progress import SilentProgress


@pytest.mark.parametrize(
    ("text", "limits"),
    [("256MB", (256_000_000, None)), ("1GB", (10**9, None)), ("5kB", (5000, None)), ("5000", (MOST_BYTES, 5000))],
)
def test_sizes_of_tar_files(text, limits):
    assert limits_in(text) == limits


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5GB", "1TB", "MB", "1 MB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match="YZ749 is no size of tar files"):
        limits_in(text)


def test_two_orders_are_refused(tmp_path):
    root = write_yolo(tmp_path / "set", {"train/a": None})
    keys = {"shard_size": "1", "progress": SilentProgress()}
    with pytest.raises(UsageError, match="YZ903 --seed and --order are two orders"):
        shard_data(root, tmp_path / "out", (), seed=1, order=root, **keys)
