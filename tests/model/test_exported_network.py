from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.artifacts.test_onnx_metadata import FREE, METADATA
from yolozu.artifacts.onnx_metadata import InputSizes
from yolozu.errors import InputError
from yolozu.model.exported_network import require_declared_shapes, require_input_size


def images(height, width):
    return np.zeros((1, 3, height, width), dtype=np.float32)


def test_a_graph_has_the_shapes_that_its_metadata_tells():
    require_declared_shapes(METADATA, inputs=METADATA.input_shapes, outputs=METADATA.output_shapes, where="m.onnx")
    with pytest.raises(InputError) as refused:
        require_declared_shapes(METADATA, inputs={"images": (1,)}, outputs=METADATA.output_shapes, where="m.onnx")
    assert str(refused.value) == (
        "m.onnx: YZ603 its metadata tells of inputs {'images': ('batch', 3, 64, 96)}, its graph has {'images': (1,)}\n"
        "  fix: export the model again from its checkpoint with this version of yolozu"
    )


def test_a_file_with_processing_inside_is_no_network():
    metadata = replace(METADATA, processing=True)
    with pytest.raises(InputError) as refused:
        require_declared_shapes(metadata, inputs={"image": ("height", "width", 3)}, outputs={}, where="m.onnx")
    assert str(refused.value) == (
        "m.onnx: YZ603 has pre- and postprocessing inside, which yolozu does itself\n"
        "  fix: use the model.onnx beside it; this file is for programs that have no yolozu"
    )


def test_a_file_of_one_size_says_itself_what_it_refuses():
    require_input_size(METADATA, images(1, 1), where="m.onnx")


@pytest.mark.parametrize(("size", "code"), [((32, 32), "YZ401"), ((33, 64), "YZ402"), ((32, 63), "YZ402")])
def test_a_file_of_free_height_and_width_takes_what_it_tells(size, code):
    metadata = replace(FREE, input_sizes=InputSizes(32, 64, multiple_of=32))
    require_input_size(metadata, images(32, 64), where="m.onnx")
    with pytest.raises(InputError) as refused:
        require_input_size(metadata, images(*size), where="m.onnx")
    assert str(refused.value) == (
        f"network input {size[0]}x{size[1]}: {code} m.onnx takes multiples of 32 px, heights from 32 and widths "
        "from 64\n  fix: letterbox the images to such a size"
    )
