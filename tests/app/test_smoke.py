import json
from pathlib import Path

import pytest

from tests.data.builders import write_yolo
from yolozu.app import smoke
from yolozu.app.smoke import (
    BUCKETS,
    CONTRACTS,
    SMALL,
    Passed,
    as_json,
    buckets_of,
    exit_code_of,
    run_bucket,
    smoke_data,
)
from yolozu.contract.loader import load_contract
from yolozu.contract.overrides import parse_assignments
from yolozu.errors import Finding, GateFailed, InputError, Interrupted, UsageError
from yolozu.progress import SilentProgress

REPOSITORY = Path(__file__).parents[2]


def data(dataset=None, *, synthetic=False):
    return smoke_data(dataset, synthetic=synthetic, progress=SilentProgress())


def test_buckets_are_a_list_with_commas_each_once():
    assert buckets_of("x, n,x") == ["x", "n"]
    with pytest.raises(UsageError) as caught:
        buckets_of("n,xl,")
    assert str(caught.value) == (
        "--buckets: YZ461 there is no bucket 'xl'\n  fix: choose of n,s,m,l,x\n"
        "--buckets: YZ461 there is no bucket ''\n  fix: choose of n,s,m,l,x"
    )


def test_the_only_split_of_a_data_set_is_trained_and_predicted(tmp_path):
    write_yolo(tmp_path, {"train2017/a": "0 .5 .5 .2 .2"})
    assert data(tmp_path) == {"dataset_root": str(tmp_path), "split": "train2017", "val_split": "train2017"}
    write_yolo(tmp_path, {"val2017/b": "0 .5 .5 .2 .2"})
    assert data(tmp_path)["val_split"] == "val2017"


def test_two_data_sets_are_refused(tmp_path):
    with pytest.raises(UsageError, match="YZ461 and --dataset name two data sets"):
        data(tmp_path, synthetic=True)


def test_coco128_that_is_not_there_and_cannot_be_fetched_is_told_with_every_way_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fix = "repeat to go on, or get the zip elsewhere and: yolozu data fetch coco128 --out data/coco128 --from FILE"

    def fetch(plan, progress):
        raise InputError.one("YZ265", where=plan.urls[0], problem="no connection", fix=fix)

    monkeypatch.setattr("yolozu.data.fetch.published.fetch", fetch)
    with pytest.raises(InputError) as caught:
        data()
    assert str(caught.value).endswith(
        f"YZ265 no connection\n  fix: {fix}; or take another data set: --dataset DIR, or --synthetic, which needs none"
    )


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_has_a_contract_that_takes_the_small_keys(bucket):
    words = [f"{key}={value}" for key, value in {**SMALL, **data(synthetic=True)}.items()]
    loaded = load_contract(REPOSITORY / CONTRACTS / f"{bucket}.yaml", parse_assignments(words), strict=True)
    assert loaded.contract.length.max_steps == 3
    assert loaded.contract.device.device == "cpu"


def test_a_bucket_that_fails_is_told_and_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finding = Finding("YZ600", "smoke-n: onnx_parity", "differs", "look")

    def build(session, names, **options):
        raise GateFailed([finding])

    monkeypatch.setattr(smoke, "build_or_raise", build)
    row = run_bucket("n", data(synthetic=True), lambda _: None, SilentProgress())
    assert row == Passed("n", "smoke-n", None, 0.0, None, (finding,))
    assert (exit_code_of([row]), exit_code_of([Passed("n", "smoke-n", 1, 1.0, parity=True)])) == (1, 0)
    assert json.loads(json.dumps(as_json(row)))["findings"] == [finding.render()]


def test_who_stops_one_bucket_stops_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def build(session, names, **options):
        raise Interrupted.one("YZ505", where="train", problem="stopped", fix="again")

    monkeypatch.setattr(smoke, "build_or_raise", build)
    with pytest.raises(Interrupted):
        run_bucket("n", data(synthetic=True), lambda _: None, SilentProgress())


@pytest.mark.slow
def test_the_smallest_goes_all_the_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = []
    row = run_bucket("n", data(synthetic=True), told.append, SilentProgress())
    assert (row.findings, row.parity) == ((), True)
    assert 3.4e6 < row.parameters < 3.5e6
    assert row.seconds > 0
    assert any("validate_predictions" in line for line in told)
    again = []
    assert run_bucket("n", data(synthetic=True), again.append, SilentProgress()) == row
    assert not any("training for" in line for line in again)
