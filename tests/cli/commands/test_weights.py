import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.fixtures.hub import stand_in_hub, write_files
from yolozu.cli.app import main

RELEASED = next((Path(__file__).parents[2] / "fixtures").glob("release_*"))


@pytest.fixture
def hub(monkeypatch, tmp_path):
    return stand_in_hub(monkeypatch, rtdetr_r18vd_coco=write_files(tmp_path / "published"))


def test_alone_it_lists_all_within_the_terminal_and_fetches_nothing(hub, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["weights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "init_from                MB    trained on        contract       here",
        "rtdetr_r18vd_coco        80.9  COCO              rtdetr_r18vd   no",
    ]
    assert lines[-2:] == [
        "all are Apache-2.0; --json shows addresses, commits and digests",
        "next: yolozu init --from rtdetr_r18vd_coco",
    ]
    assert max(map(len, lines)) <= 80
    assert hub.fetched == []


def test_get_fetches_and_prints_where_they_are(hub, capsys, tmp_path):
    assert main(["weights", "get", "rtdetr_r18vd"]) == 0
    told = capsys.readouterr()
    assert told.out == f"{tmp_path / 'published'}\n"
    assert told.err == "fetching rtdetr_r18vd_coco (80.9 MB) from PekingU/rtdetr_r18vd\n"
    assert main(["weights", "list", "--json"]) == 0
    assert [row["here"] for row in json.loads(capsys.readouterr().out)[:2]] == [True, False]


def test_a_name_that_there_is_not_is_refused_with_the_nearest(capsys):
    assert main(["weights", "get", "rtdetr_r18"]) == 2
    assert capsys.readouterr().err == (
        "weights get rtdetr_r18: YZ459 no published weights are called so\n"
        "  fix: did you mean rtdetr_r18vd? `yolozu weights` lists all names\n"
    )


def test_without_the_package_they_are_listed_all_the_same(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert main(["weights"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("?")
    assert lines[-2] == "to fetch them: pip install 'yolozu[hub]'"
    assert main(["weights", "get", "rtdetr_r18vd_coco"]) == 2
    assert "pip install 'yolozu[hub]'" in capsys.readouterr().err


@pytest.mark.slow
def test_make_packs_a_finished_run_without_building_anything(tmp_path, monkeypatch, capsys):
    shutil.copytree(RELEASED, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    assert main(["weights", "make", "run_id=finished", "--out", "mine"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4].startswith("mine/finished.pt: ")
    assert lines[-2:] == [
        "beside it: finished.pt.sha256, finished.md",
        "next: init_from=mine/finished.pt head_init=remap",
    ]


def test_a_build_that_fails_is_told_once_and_packs_nothing(hub, capsys, tmp_path, monkeypatch):
    """Weights that cannot be fetched end it before its first stage."""
    hub.online = False
    monkeypatch.chdir(tmp_path)
    keys = "config_version: 1\ndataset_root: synthetic\nseed: 0\ndevice: cpu\nddp: false\namp: none\nmax_steps: 1\n"
    (tmp_path / "exp.yaml").write_text(f"{keys}run_id: one\ninit_from: rtdetr_r18vd_coco\nhead_init: remap\n")
    assert main(["weights", "make", "exp.yaml"]) == 2
    told = capsys.readouterr()
    assert (told.out + told.err).count("YZ457 cannot be fetched: OfflineModeIsEnabled") == 1
    assert not (tmp_path / "weights").exists()
