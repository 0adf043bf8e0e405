import json

import pytest

from yolozu.app.doctor.verdicts import Verdict
from yolozu.cli.app import main
from yolozu.cli.commands import doctor as command

FOUND = [
    Verdict("device", "ok", "cpu"),
    Verdict("learns", "wrong", "mAP50 0.00 on 8 pictures after 300 steps, loss 20 → 19", "another lr"),
]


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What the doctor was asked for; it finds `FOUND`."""
    monkeypatch.chdir(tmp_path)
    minutes = []
    monkeypatch.setattr(command, "examine", lambda _, **options: minutes.append(options["minutes"]) or FOUND)
    return minutes


def test_a_line_each_with_its_advice(asked, capsys):
    assert main(["doctor", "seed=1"]) == 1
    assert capsys.readouterr().out == (
        "ok       device     cpu\n"
        "wrong    learns     mAP50 0.00 on 8 pictures after 300 steps, loss 20 → 19\n"
        "                    another lr\n"
    )
    assert asked == [3.0]


def test_json(asked, capsys):
    assert main(["doctor", "seed=1", "--no-training", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["verdicts"][0]) == (False, {"name": "device", "state": "ok", "said": "cpu", "advice": ""})
    assert asked == [None]


def test_a_contract_that_is_not_there_is_a_usage_error(asked, capsys):
    assert main(["doctor", "none.yaml"]) == 2
    assert "YZ101" in capsys.readouterr().err
    assert asked == []
