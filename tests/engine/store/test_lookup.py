"""Whether a result is in a store."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.conftest import contract
from tests.planning.toy import TOYS
from yolozu.artifacts.digest import DigestCache, digest_file
from yolozu.contract.sections.operations import OperationsSection
from yolozu.engine.store.keys import key_of_node
from yolozu.engine.store.lookup import Damaged, Found, look_up, stores_for
from yolozu.engine.store.store import CAME_FROM, Store
from yolozu.paths import store_path
from yolozu.planning.compiler import compile_plan
from yolozu.planning.receipt import Receipt

NODE = compile_plan(contract(), TOYS)["count"]
INPUTS = {"loud": "0" * 64}
KEY = key_of_node(NODE, INPUTS)
REPORT = "reports/count.txt"


@pytest.fixture
def receipt(tmp_path):
    path = tmp_path / "run" / REPORT
    path.parent.mkdir(parents=True)
    path.write_text("7")
    outputs = {REPORT: digest_file(path)}
    return Receipt("count", 1, NODE.spec, INPUTS, outputs, {}, "", 1.0, {}, {CAME_FROM: "first"})


@pytest.fixture
def store(receipt, tmp_path):
    made = Store(tmp_path / "store")
    made.put(KEY, receipt, tmp_path / "run")
    return made


def looked_up(*stores, inputs=INPUTS):
    return look_up(NODE, inputs, list(stores), DigestCache(None))


def test_what_is_there_is_found_with_the_run_that_made_it(store, receipt):
    found, damaged = looked_up(store)
    assert (found, damaged) == (Found(store, KEY, receipt), [])
    assert found.run == "first"


def test_another_input_is_another_result(store):
    assert looked_up(store, inputs={"loud": "1" * 64}) == (None, [])


def test_the_first_store_that_has_it_serves(store, tmp_path):
    assert looked_up(Store(tmp_path / "empty"), store)[0].store == store


def test_damaged_files_and_receipts_are_told_of_and_the_next_store_serves(store, receipt, tmp_path):
    other, third = Store(tmp_path / "other"), Store(tmp_path / "third")
    other.put(KEY, receipt, tmp_path / "run")
    third.put(KEY, receipt, tmp_path / "run")
    (other.entry(KEY) / "receipt.json").write_text("{}")
    (third.files(KEY) / REPORT).unlink()
    found, damaged = looked_up(other, third, store)
    assert found.store == store
    assert damaged == [Damaged(other, KEY, ("receipt.json",)), Damaged(third, KEY, (REPORT,))]


def test_a_receipt_that_names_other_paths_is_never_followed(receipt, tmp_path):
    store = Store(tmp_path / "foreign")
    store.put(KEY, replace(receipt, outputs={**receipt.outputs, "../../elsewhere": None}), tmp_path / "run")
    assert looked_up(store) == (None, [])


def test_a_spec_that_only_tells_the_same_is_not_taken(receipt, tmp_path):
    spec = {**NODE.spec, "predict": {**NODE.spec["predict"], "max_detections": 7}}
    store = Store(tmp_path / "odd")
    store.put(KEY, replace(receipt, spec=spec), tmp_path / "run")
    assert looked_up(store) == (None, [])


@pytest.mark.parametrize(
    ("operations", "places", "looked"),
    [
        ({}, False, [store_path()]),
        ({"store": False, "store_dir": "team"}, False, []),
        ({"store_dir": "team"}, False, [store_path(), Path("team")]),
        ({"store_dir": "team"}, True, [store_path()]),
    ],
)
def test_where_results_are_looked_for(operations, places, looked):
    node = replace(NODE, stage=replace(NODE.stage, names_places=places))
    assert [store.directory for store in stores_for(node, OperationsSection(**operations))] == looked
