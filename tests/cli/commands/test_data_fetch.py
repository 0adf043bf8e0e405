from __future__ import annotations

import pytest

from tests.data.fetch.test_published import OTHER, SHA256, ZIP
from tests.data.prepare.server import Served, serving
from yolozu.cli.app import main


@pytest.fixture(autouse=True)
def _own_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "*")


def test_a_data_set_is_fetched_once_and_can_be_checked(capsys):
    with serving({"coco128.zip": Served(ZIP)}) as base:
        assert main(["data", "fetch", "coco128", "--url", f"{base}none", "--url", f"{base}coco128.zip"]) == 0
        assert capsys.readouterr().out == (
            "data/coco128: 80 classes, split train2017\n"
            f"sha256 {SHA256}\n"
            "nothing to compare it with: recorded in data/coco128.lock.json, which the next fetch must match\n"
            "next: dataset_root=data/coco128 split=train2017 val_split=train2017\n"
        )
    assert main(["data", "fetch", "coco128"]) == 0
    assert capsys.readouterr().out == "data/coco128: is there already, nothing was done\n"
    assert main(["data", "check", "data/coco128"]) == 0


def test_a_zip_at_hand_and_its_digest(tmp_path, capsys):
    (tmp_path / "mine.zip").write_bytes(ZIP)
    command = ["data", "fetch", "coco128", "--out", "x", "--from", "mine.zip", "--sha256"]
    assert main([*command, SHA256.upper()]) == 0
    assert f"sha256 {SHA256}\nas --sha256 says\n" in capsys.readouterr().out


def test_when_nobody_can_be_reached_every_address_is_named(capsys):
    with serving({}) as base:
        pass
    assert main(["data", "fetch", "coco128", "--url", f"{base}a", "--url", f"{base}b"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": YZ265 cannot be reached")[0] for line in lines[::2]] == [f"{base}a", f"{base}b"]
    assert lines[1] == (
        "  fix: repeat to go on, or get the zip elsewhere and: yolozu data fetch coco128 --out data/coco128 --from FILE"
    )


def test_another_digest_exits_2(capsys):
    with serving({"a.zip": Served(OTHER)}) as base:
        assert main(["data", "fetch", "coco128", "--url", f"{base}a.zip", "--sha256", SHA256]) == 2
    assert "YZ266 has SHA-256" in capsys.readouterr().err


@pytest.mark.parametrize("digest", ["abc", "g" * 64])
def test_what_is_no_digest_is_refused(capsys, digest):
    assert main(["data", "fetch", "coco128", "--sha256", digest]) == 2
    assert "YZ903" in capsys.readouterr().err


def test_unknown_data_sets_are_refused(capsys):
    assert main(["data", "fetch", "coco129"]) == 2
    assert "'coco129' is not one of 'coco128'" in capsys.readouterr().err
