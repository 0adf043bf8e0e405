import re
from pathlib import Path

import numpy as np
from PIL import Image

from tests.export.test_file_alone import own, pixels

PAGE = Path(__file__).parents[2] / "docs/how-to/use-an-exported-file.md"


# ultralytics/ultralytics#19486: who rebuilds the preprocessing of an exported file from a sentence gets other numbers.
# 479 rows of a picture 640 px wide are 71.85 of 96 px: 71 are shown, of a part of the picture, and 12 are free above.
def test_a_fractional_size_is_cut_and_not_rounded(exported, tmp_path):
    names: dict[str, object] = {}
    code, *_ = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), names)
    recipe = {"preprocess": {"width": 96, "height": 96}, "letterbox": {"epsilon_px": 1e-6, "least_size_px": 1}}
    s, pads, size, part = names["place"](640, 479, recipe)
    assert (s, pads, size, part) == (0.15, [0, 12], [96, 71], [640, 71 / 0.15])
    picture = tmp_path / "picture.png"
    Image.fromarray(pixels(640, 479)).save(picture)
    found, expected = np.array(names["predict"](str(exported.onnx), picture)), own(exported.onnx, picture)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-4
