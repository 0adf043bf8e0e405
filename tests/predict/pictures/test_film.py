"""A video of drawn frames, whole or not at all."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from yolozu.predict.pictures.film import film_at


def write(path, sizes, rate=Fraction(25, 2)):
    with film_at(path, rate) as film:
        for number, size in enumerate(sizes):
            film.add(Image.new("RGB", size, (20 * number,) * 3))


def read(path):
    with av.open(str(path)) as container:
        rate = container.streams.video[0].average_rate
        return rate, [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_frames_follow_one_another_at_their_rate(tmp_path, suffix):
    write(tmp_path / f"a.{suffix}", [(64, 48)] * 10)
    rate, frames = read(tmp_path / f"a.{suffix}")
    assert (float(rate), len(frames), frames[0].shape) == (pytest.approx(12.5, abs=0.1), 10, (48, 64, 3))
    assert np.abs([frame.mean() - 20 * number for number, frame in enumerate(frames)]).max() < 4


def test_odd_sides_get_a_pixel_more_and_other_sizes_are_made_to_fit(tmp_path):
    write(tmp_path / "a.mp4", [(63, 47), (63, 47), (30, 90)])
    assert [frame.shape for frame in read(tmp_path / "a.mp4")[1]] == [(48, 64, 3)] * 3


def test_nothing_is_left_of_what_went_wrong_or_had_no_frame(tmp_path):
    write(tmp_path / "none.mp4", [])
    (tmp_path / "kept.mp4").write_text("as it was")
    with pytest.raises(AttributeError), film_at(tmp_path / "kept.mp4", Fraction(25)) as film:
        film.add(None)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.mp4"]
    assert (tmp_path / "kept.mp4").read_text() == "as it was"
