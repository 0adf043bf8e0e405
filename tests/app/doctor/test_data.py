import pytest

from yolozu.app.doctor.data import data_verdicts
from yolozu.app.doctor.stages import Bench
from yolozu.app.doctor.verdicts import Verdict
from yolozu.app.sessions import session_for

pytestmark = pytest.mark.slow


def test_pictures_and_objects_are_counted(bench):
    assert data_verdicts(bench) == [
        Verdict(
            "data",
            "warning",
            "24 pictures, 31 objects, 31 with a pose, 5 classes to learn",
            "label 10 objects and more of each class",
        ),
        Verdict("held out", "ok", "8 pictures, 10 objects"),
    ]


def test_data_that_cannot_be_used_is_wrong_with_its_place(empty_project, tmp_path, monkeypatch):
    project = empty_project.copy(tmp_path / "project")
    for path in (project.root / "scenes/labels/train").iterdir():
        path.unlink()
    monkeypatch.chdir(project.root)
    session, _ = session_for(["exp.yaml"], strict=False, may_begin=False)
    made = Bench(session, tmp_path / "bench")
    made.lay_out()
    (found,) = data_verdicts(made)
    assert found.state == "wrong"
    assert "object" in found.said


def test_of_rendered_data_a_few_scenes_are_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session, _ = session_for(["synth_size=64", "image_size=64"], strict=False, may_begin=False)
    made = Bench(session, tmp_path / "bench")
    made.lay_out()
    assert data_verdicts(made)[0].said.startswith("64 pictures")
