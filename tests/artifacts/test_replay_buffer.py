"""What a replay buffer says of itself."""

import json

import pytest

from yolozu.artifacts.replay_buffer import BufferedImage, ReplayBuffer
from yolozu.errors import InputError

IMAGE = BufferedImage(
    image="images/00000004.png", name="train/4.png", sha256="a" * 64, task=1,
    derpp_teacher_npz="outputs/00000004.npz", teacher_sha256="b" * 64,
)  # fmt: skip


def test_what_is_written_is_read(tmp_path):
    buffer = ReplayBuffer(tasks=2, seen=9, capacity=4, images=[IMAGE])
    buffer.write(tmp_path)
    assert ReplayBuffer.read(tmp_path) == buffer
    assert json.loads((tmp_path / "buffer.json").read_text())["images"][0]["derpp_teacher_npz"].endswith("04.npz")


@pytest.mark.parametrize("content", [None, "{}", '{"schema_version": 2, "tasks": 1, "seen": 1, "capacity": 1}'])
def test_a_missing_or_damaged_buffer_is_an_error(content, tmp_path):
    if content is not None:
        (tmp_path / "buffer.json").write_text(content)
    with pytest.raises(InputError, match="YZ550"):
        ReplayBuffer.read(tmp_path)
