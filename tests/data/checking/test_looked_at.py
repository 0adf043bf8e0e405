"""What doubts are found in."""

from tests.data.builders import write_yolo
from tests.data.checking.doubtful import looked_at


def test_it_holds_the_objects_of_its_survey(tmp_path):
    looked = looked_at(write_yolo(tmp_path, {"train/a": "0 .5 .5 .2 .2\n1 .5 .5 .2 .2", "val/b": ""}))
    assert (len(looked.table), looked.image_size_px, looked.alike) == (2, 640, [])
