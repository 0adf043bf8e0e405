import json

import pytest

from yolozu.cli.app import main

DIFF = "--- a.yaml\n+++ a.yaml\n@@ -1,2 +1,2 @@\n-batch: 3 # three\n+batch_size: 3 # three\n epochs: 2\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text("batch: 3 # three\nepochs: 2\n")
    (tmp_path / "b.yaml").write_text("config_version: 9\nepochs: 2\n")
    (tmp_path / "c.yaml").write_text("epochs: 2\n")

    def run_and_read(*arguments):
        code = main(["contract", "migrate", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_and_read


def test_a_diff_is_shown_and_written_only_when_asked_for(run, tmp_path):
    assert run("a.yaml") == (0, f"{DIFF}a.yaml: version 1, not written yet: --write does\n", "")
    assert (tmp_path / "a.yaml").read_text() == "batch: 3 # three\nepochs: 2\n"
    assert run("a.yaml", "--write") == (0, f"{DIFF}a.yaml: version 1, written\n", "")
    assert (tmp_path / "a.yaml").read_text() == "batch_size: 3 # three\nepochs: 2\n"


def test_a_newer_file_and_one_with_nothing_to_do_are_told_so(run):
    assert run("b.yaml", "c.yaml", "none.yaml") == (
        2,
        "c.yaml: nothing to do: it is of version 1, the newest\n",
        "b.yaml:1: config_version: YZ366 is of version 9, newer than 1, which this yolozu reads\n"
        "  fix: upgrade yolozu; a newer contract cannot be turned back\n"
        "none.yaml: YZ101 no such file\n"
        "  fix: check the path\n",
    )


def test_as_json(run):
    code, out, _ = run("a.yaml", "b.yaml", "--json")
    first, second = json.loads(out)["files"]
    assert (code, first["diff"], first["from"], first["to"], first["written"]) == (2, DIFF, 1, 1, False)
    assert (second["ok"], [found["code"] for found in second["findings"]]) == (False, ["YZ366"])
