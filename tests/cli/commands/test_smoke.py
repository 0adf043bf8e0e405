import json

import pytest

from yolozu.app.smoke import Passed
from yolozu.cli.app import main
from yolozu.cli.commands import smoke
from yolozu.errors import Finding

FAILED = Finding("YZ601", "smoke-x: onnx_parity", "the outputs differ", "look at reports/onnx_parity.json")
ROWS = {
    "n": Passed("n", "smoke-n", 3_461_295, 12.34, parity=True),
    "x": Passed("x", "smoke-x", None, 3.0, parity=False, findings=(FAILED,)),
}


@pytest.fixture(autouse=True)
def _as_if_built(monkeypatch):
    monkeypatch.setattr(smoke, "run_bucket", lambda name, *_: ROWS[name])


def test_a_row_for_each_bucket(capsys):
    assert main(["smoke", "--synthetic", "--buckets", "n"]) == 0
    assert capsys.readouterr().out == (
        "bucket  run      parameters  seconds  parity  ok\n"
        "n       smoke-n  3,461,295   12.3     passed  yes\n"
    )  # fmt: skip


def test_one_that_failed_is_told_below_and_is_the_exit_code(capsys):
    assert main(["smoke", "--synthetic", "--buckets", "n,x"]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == "x       smoke-x  -           3.0      failed  no"
    assert told.err == (
        "smoke-x: onnx_parity: YZ601 the outputs differ\n"
        "  fix: look at reports/onnx_parity.json\n"
        "1 bucket of 2 failed\n"
    )


def test_json(capsys):
    assert main(["smoke", "--synthetic", "--buckets", "n", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "bucket": "n",
            "run_id": "smoke-n",
            "parameters": 3_461_295,
            "seconds": 12.34,
            "parity": True,
            "findings": [],
            "ok": True,
        }
    ]


def test_a_bucket_that_there_is_not_is_refused_before_anything_else(capsys):
    assert main(["smoke", "--buckets", "q"]) == 2
    assert "YZ461 there is no bucket 'q'" in capsys.readouterr().err
