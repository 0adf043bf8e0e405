from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import write_file, write_image
from yolozu.data.augmentation.backgrounds import Backgrounds
from yolozu.errors import InputError


def gradient(path, width, height):
    """Red tells the column, green the row, as fractions of 250."""
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    pixels = np.stack([x * 250, y * 250, np.zeros_like(x)], axis=2)
    Image.fromarray(pixels.round().astype(np.uint8)).save(path)


@pytest.mark.parametrize(("width", "height"), [(300, 100), (100, 300), (20, 20)])
def test_a_part_covers_the_input_in_proportion_and_may_be_flipped(tmp_path, width, height):
    gradient(tmp_path / "a.png", width, height)
    grounds, flips, zooms = Backgrounds(tmp_path), set(), []
    for seed in range(20):
        part = grounds.draw(np.random.default_rng(seed), 64, 32).astype(float)
        assert part.shape == (32, 64, 3)
        across = (part[:, -1, 0] - part[:, 0, 0]).mean() / 250 * width
        down = (part[-1, :, 1] - part[0, :, 1]).mean() / 250 * height
        assert abs(across) / down == pytest.approx(2.0, rel=0.15)
        flips.add(across < 0)
        zooms.append(abs(across))
    assert flips == {False, True}
    assert max(zooms) / min(zooms) > 1.5


def test_draws_repeat_and_every_picture_comes(tmp_path):
    for number in range(3):
        Image.new("RGB", (40, 40), (number, 0, 0)).save(tmp_path / f"{number}.png")
    grounds = Backgrounds(tmp_path, keep=True)
    colors = [int(grounds.draw(np.random.default_rng(seed), 32, 32)[0, 0, 0]) for seed in range(20)]
    assert set(colors) == {0, 1, 2}
    again = Backgrounds(tmp_path)
    assert colors == [int(again.draw(np.random.default_rng(seed), 32, 32)[0, 0, 0]) for seed in range(20)]
    assert len(grounds) == 3


def test_pictures_in_folders_count_and_other_files_do_not(tmp_path):
    write_image(tmp_path / "deep/er/a.png")
    write_file(tmp_path / "notes.txt", "")
    assert len(Backgrounds(tmp_path)) == 1


def test_a_directory_without_pictures_is_refused(tmp_path):
    fix = "  fix: put pictures there (.jpg, .png, .bmp, .webp, .tif), or name another directory"
    for directory, problem in ((tmp_path, "holds no image"), (tmp_path / "no", "there is no such directory")):
        with pytest.raises(InputError) as caught:
            Backgrounds(directory)
        assert str(caught.value) == f"{directory}: YZ252 {problem}\n{fix}"
