"""Frames of videos: which, the right way up, and what is told of damage."""

import numpy as np
import pytest

from tests.fixtures.videos import write_video
from yolozu.errors import Finding, InputError
from yolozu.predict.pictures.video import Video


def frames(path, every=1):
    found = list(Video(path, path.name).frames(every))
    return [one for one in found if not isinstance(one, Finding)], [one for one in found if isinstance(one, Finding)]


def levels(pictures):
    """Mean grey levels; frame number n of `write_video` has 2 n."""
    return [round(float(picture.read().mean())) for picture in pictures]


def test_frames_come_in_order_and_are_called_by_their_number(tmp_path):
    pictures, findings = frames(write_video(tmp_path / "my.clip.mp4", 12))
    assert [picture.name for picture in pictures[:2]] == ["my.clip-000000.jpg", "my.clip-000001.jpg"]
    assert np.abs(np.array(levels(pictures)) - 2 * np.arange(12)).max() <= 2
    assert pictures[0].read().shape == (48, 64, 3)
    assert findings == []


def test_every_so_many_th_frame_keeps_its_number(tmp_path):
    pictures, _ = frames(write_video(tmp_path / "clip.mkv", 12), every=5)
    assert [picture.name for picture in pictures] == ["clip-000000.jpg", "clip-000005.jpg", "clip-000010.jpg"]


@pytest.mark.parametrize(("degrees", "side"), [(90, "bottom"), (-90, "top"), (180, "right")])
def test_frames_are_turned_as_the_camera_was_held(tmp_path, degrees, side):
    """Counterclockwise, as `av_display_rotation_get` of FFmpeg has it: what was left comes to lie there."""
    (picture,), _ = frames(write_video(tmp_path / "clip.mp4", 1, degrees=degrees, left=255))
    pixels = picture.read().astype(int)
    assert pixels.shape == ((48, 64, 3) if degrees == 180 else (64, 48, 3))
    bands = {"top": pixels[:12], "bottom": pixels[-12:], "right": pixels[:, -12:]}
    assert bands[side].mean() > 200
    assert pixels.mean() < 100


def test_what_is_cut_short_gives_what_it_has_and_is_told_of(tmp_path):
    for suffix in ("mp4", "mkv", "avi"):
        path = write_video(tmp_path / f"clip.{suffix}", 100)
        path.write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])
        pictures, (finding,) = frames(path)
        assert 20 < len(pictures) < 95, suffix
        assert finding.render().startswith(f"{path}: YZ644 is damaged: {len(pictures)} frames can be read"), suffix


def test_what_is_no_video_or_holds_none_is_told(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    pictures, (finding,) = frames(tmp_path / "a.mp4")
    assert pictures == []
    assert finding.render().startswith(f"{tmp_path}/a.mp4: YZ644 no frame can be read: ")
    (tmp_path / "b.mp4").write_bytes(b"")
    assert len(frames(tmp_path / "b.mp4")[1]) == 1
    assert len(frames(tmp_path / "gone.mp4")[1]) == 1


def test_its_rate_is_told(tmp_path):
    path = write_video(tmp_path / "clip.mp4", 5)
    assert Video(path, path.name).frames_per_s() == 25
    path.write_bytes(b"no video")
    with pytest.raises(InputError, match="YZ644 no frame can be read: "):
        Video(path, path.name).frames_per_s()
