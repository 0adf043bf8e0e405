from pathlib import Path

import pytest

from yolozu.app.contracts import changed_keys, checked_contracts, stale_stages
from yolozu.contract.loader import load_contract
from yolozu.contract.sections.run import Contract
from yolozu.errors import UsageError
from yolozu.planning.compiler import compile_plan, registered_stages


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("max_steps: 1\n")


def test_pairs_are_put_over_every_file_and_errors_are_findings():
    Path("b=c.yaml").write_text("max_steps: 1\nlr: x\n")
    first, second = checked_contracts(["a.yaml", "momentum=0.5", "b=c.yaml"], strict=False)
    assert (first.path, first.passed, [finding.code for finding in first.findings]) == (Path("a.yaml"), True, ["YZ111"])
    assert (second.loaded, second.passed, second.findings[0].where) == (None, False, "b=c.yaml:2: lr")


def test_strictness_makes_errors_of_warnings():
    spelled = ["config_version=1", "dataset_root=d", "seed=0", "device=cpu", "ddp=false", "amp=none", "run_id=a"]
    (found,) = checked_contracts(["a.yaml", *spelled, "momentum=0.5"], strict=True)
    assert (found.passed, {finding.severity for finding in found.findings}) == (False, {"error"})


def test_pairs_alone_are_no_contract():
    with pytest.raises(UsageError, match="lr=1: YZ310 overrides no contract"):
        checked_contracts(["lr=1"], strict=False)


def test_a_change_of_data_makes_everything_stale():
    direct, then = stale_stages("split", "dataset", compile_plan(Contract(), registered_stages()))
    assert direct[0] == "prepare_data"
    assert {"train", "evaluate"} <= {*direct, *then}


def test_a_path_makes_stale_by_content_alone_and_a_device_nothing():
    Path("b.yaml").write_text("max_steps: 1\ndevice: cuda\ninit_from: w.pt\n")
    device, first = changed_keys(load_contract(Path("a.yaml")), load_contract(Path("b.yaml")))
    assert (device.difference.key, device.stale, device.then) == ("device", [], [])
    assert (first.difference.key, first.stale, first.by_content) == ("init_from", ["train"], True)
