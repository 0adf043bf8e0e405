from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.builders import check_of, index_at
from tests.fixtures.projects import ENVIRONMENT
from yolozu.artifacts.digest import DigestCache
from yolozu.data.synth import writer
from yolozu.data.synth.writer import SynthPlan, write_scenes
from yolozu.errors import UsageError
from yolozu.geometry.camera import project, transform
from yolozu.progress import SilentProgress

PLAN = SynthPlan(images=6, val_images=3, size=96, max_objects=3, seed=4)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    directory = tmp_path_factory.mktemp("synth") / "set"
    write_scenes(directory, PLAN, SilentProgress())
    return directory


def tree(root):
    return DigestCache(None).tree(root)


def test_the_data_set_has_no_flaw_and_knows_its_classes(root):
    checked = check_of(root, "train", "val")
    assert checked.violations == ()
    assert checked.survey.classes_are_stated
    assert checked.survey.classes.names == ("box", "pyramid", "column", "roof", "steps")
    assert [len(split.images) for split in checked.survey.splits] == [6, 3]


def test_poses_project_into_their_boxes_and_masks(root):
    for record in index_at(root, "train").records:
        sidecar = root / record.image.replace("images/", "labels/").replace(".png", ".json")
        instances = json.loads(sidecar.read_text())["instances"]
        assert [entry["class_index"] for entry in instances] == record.class_indices.tolist()
        for entry, (cx, cy, w, h) in zip(instances, record.boxes_cxcywh * 96, strict=True):
            points = project(
                transform(np.array(entry["cad_points"]), np.array(entry["R_gt"]), np.array(entry["t_gt"])),
                np.array(entry["K_gt"]),
            )
            low, high = points.min(axis=0), points.max(axis=0)
            assert (low <= [cx - w / 2 + 0.5, cy - h / 2 + 0.5]).all()
            assert (high >= [cx + w / 2 - 0.5, cy + h / 2 - 0.5]).all()
            mask = np.asarray(Image.open(root / entry["mask_path"])) == entry["mask_value"]
            rows, columns = np.nonzero(mask)
            found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            np.testing.assert_allclose(found, [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], atol=1.0)
            assert np.linalg.det(entry["R_gt"]) == pytest.approx(1.0)
            assert 0.3 < entry["t_gt"][2] < 1.2
            assert entry["symmetry"] == []


@pytest.mark.slow
def test_the_same_plan_gives_the_same_files_also_with_processes(root, tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "FEWEST_FOR_PROCESSES", 1)
    write_scenes(tmp_path / "again", PLAN, SilentProgress())
    assert tree(tmp_path / "again") == tree(root)


def test_more_images_leave_the_first_ones_as_they_are(root, tmp_path):
    write_scenes(tmp_path, SynthPlan(7, 1, 96, 3, 4), SilentProgress())
    for name in ("images/train/000005.png", "images/val/000000.png", "labels/train/000003.json"):
        assert (tmp_path / name).read_bytes() == (root / name).read_bytes()


def test_seeds_and_splits_never_share_a_scene(root, tmp_path):
    write_scenes(tmp_path, SynthPlan(6, 3, 96, 3, 5), SilentProgress())
    records = [
        record for base in (root, tmp_path) for split in ("train", "val") for record in index_at(base, split).records
    ]
    assert len({record.sha256 for record in records}) == len(records) == 18


def test_a_stopped_rendering_leaves_nothing_so_that_the_same_command_goes(tmp_path):
    class Stopped(SilentProgress):
        def bar(self, *_):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_scenes(tmp_path / "new/scenes", PLAN, Stopped())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_processes_that_render_end_with_the_one_that_started_them(tmp_path):
    code = "import sys; from yolozu.cli.app import main; main(['data', 'synth', sys.argv[1], '--images', '100000'])"
    words = [sys.executable, "-c", code, str(tmp_path / "scenes")]
    with subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        while not list(tmp_path.glob(".scenes*/images/train/*")):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    end = time.monotonic() + 10.0
    while members(process.pid):
        assert time.monotonic() < end
        time.sleep(0.01)


def members(group):
    """Processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def test_a_directory_with_something_in_it_is_refused(root):
    with pytest.raises(UsageError, match="YZ213 is not empty"):
        write_scenes(root, PLAN, SilentProgress())
    with pytest.raises(UsageError, match="YZ213"):
        write_scenes(root / "classes.txt", PLAN, SilentProgress())
