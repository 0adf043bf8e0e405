import shutil
from pathlib import Path

import pytest

from yolozu.app.run_status import status_rows, verified_rows
from yolozu.app.sessions import session_for

RELEASED = next((Path(__file__).parents[1] / "fixtures").glob("release_*"))


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A finished run that an earlier release has made."""
    shutil.copytree(RELEASED, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return session_for(["run_id=finished"])[0]


def test_every_stage_has_its_state(session):
    rows = status_rows(session, ["export_onnx"])
    assert [(row["stage"], row["state"], row["failure"]) for row in rows] == [
        ("prepare_data", "up to date", None),
        ("train", "up to date", None),
        ("export_onnx", "up to date", None),
    ]


def test_an_artifact_is_intact_until_it_is_changed_or_gone(session):
    first = verified_rows(session, "export_onnx")
    assert {row["state"] for row in first} == {"intact"}
    (session.layout.root / first[0]["path"]).write_bytes(b"")
    assert verified_rows(session, "export_onnx")[0]["state"] == "changed"
    (session.layout.root / first[0]["path"]).unlink()
    assert verified_rows(session, "export_onnx")[0]["state"] == "missing"
