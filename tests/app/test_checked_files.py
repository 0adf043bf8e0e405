import json

import pytest

from tests.app.test_datasets import make_split
from tests.artifacts.predictions.samples import detection, entry, wrapped, write
from yolozu.app.checked_files import checked_predictions, require_parity_report, require_run_meta
from yolozu.errors import GateFailed, InputError
from yolozu.progress import SilentProgress

OPTIONS = {"bbox_format": None, "split": None, "strict": False, "keep_findings": 20, "progress": SilentProgress()}


def test_images_are_those_of_the_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_split(tmp_path / "data", "val", ["0 0.5 0.5 0.2 0.2\n"] * 2)
    path = write(tmp_path, wrapped(entry("0.png", detection(class_id=0), image_size={"width": 64, "height": 48})))
    assert checked_predictions(path, dataset=None, max_images=None, **OPTIONS).coverage is None
    check = checked_predictions(path, dataset=tmp_path / "data", max_images=1, **OPTIONS)
    assert (check.coverage.covered_images, check.coverage.expected_images) == (1, 1)


@pytest.mark.parametrize("require", [require_run_meta, require_parity_report])
def test_an_incomplete_record_is_refused_and_a_missing_one_is_an_input_error(tmp_path, require):
    with pytest.raises(InputError):
        require(tmp_path / "record.json")
    (tmp_path / "record.json").write_text(json.dumps({"schema_version": 1}))
    with pytest.raises(GateFailed):
        require(tmp_path / "record.json")
