import os
from dataclasses import replace

import pytest

from tests.engine.conftest import OPERATIONS, contract
from tests.fixtures.damage import flip_a_bit, settle
from tests.planning.toy import SHOUT, TELL, TOYS
from yolozu.artifacts.digest import digest_file
from yolozu.contract.sections.predict import PredictSection
from yolozu.engine.execute_stage import execute
from yolozu.engine.input_digests import read_inputs
from yolozu.errors import EXIT_USAGE, InputError
from yolozu.planning.compiler import compile_plan
from yolozu.planning.receipt import Receipt
from yolozu.progress import SilentProgress

CHANGED = contract(predict=PredictSection(max_detections=100))


@pytest.fixture
def damaged(toy):
    """A run in which a bit of a file that all later stages read is turned over, and nothing shows it."""
    toy.build(contract())
    settle(toy.layout.root)
    assert toy.reasons(contract()) == {}  # now all digests are remembered
    flip_a_bit(toy.layout.root / "out/loud.txt")
    assert toy.reasons(contract()) == {}
    return toy


def test_a_stage_does_not_read_what_the_one_before_it_did_not_give(damaged):
    path = damaged.layout.root / "out/loud.txt"
    receipt = Receipt.read(damaged.layout.receipt_path("shout"))
    report = damaged.text("reports/count.txt")
    with pytest.raises(InputError) as refused:
        damaged.execute(CHANGED, "count")
    assert refused.value.exit_code == EXIT_USAGE
    assert str(refused.value) == (
        "runs/toy/out/loud.txt: YZ790 is not what shout gave (receipts/shout.json of "
        f"{receipt.started_at}), so count does not read it: its sha256 was {receipt.outputs['out/loud.txt'][:12]} "
        f"and is {digest_file(path)[:12]}\n"
        "  fix: run doit run_id=toy count: shout makes it anew first; or put an intact copy in its place"
    )
    assert damaged.text("reports/count.txt") == report


def test_what_was_found_is_made_anew_by_the_next_build(damaged):
    with pytest.raises(InputError):
        damaged.execute(CHANGED, "count")
    assert damaged.reasons(CHANGED)["shout"] == ["out/loud.txt has other content than when it was built"]
    assert damaged.build(CHANGED) == ["shout", "count"]
    assert damaged.text("out/loud.txt") == "HELLO 1"


def test_an_intact_copy_in_its_place_is_as_good(damaged):
    with pytest.raises(InputError):
        damaged.execute(CHANGED, "count")
    (damaged.layout.root / "out/loud.txt").write_text("HELLO 1")
    assert damaged.build(CHANGED) == ["count"]


def test_all_that_is_damaged_is_told_at_once(toy):
    build_with_contract(toy, split="with_extra")
    node = compile_plan(contract(), (*TOYS, TELL))["tell"]
    for name in ("data/extra", "out/loud.txt"):
        flip_a_bit(toy.layout.root / name)
    with pytest.raises(InputError) as refused:
        read_inputs(node, toy.layout)
    assert [(finding.code, finding.where) for finding in refused.value.findings] == [
        ("YZ790", "runs/toy/out/loud.txt"),
        ("YZ790", "runs/toy/data/extra"),
    ]


def test_what_a_stage_left_out_is_not_read_where_it_lies_there_all_the_same(toy):
    build_with_contract(toy)
    (toy.layout.root / "data/extra").mkdir()
    (toy.layout.root / "data/extra/one.txt").write_text("1")
    with pytest.raises(InputError, match=r"data/extra: YZ790 .* its sha256 was none and is "):
        read_inputs(compile_plan(contract(), (*TOYS, TELL))["tell"], toy.layout)


def test_a_result_whose_input_changes_meanwhile_is_not_published(toy):
    toy.build(contract())
    word = toy.layout.root / "data/word.txt"
    before, receipt = toy.text("out/loud.txt"), toy.layout.receipt_path("shout").read_text()

    def writes_elsewhere(spec, inputs, outputs, context):
        outputs.loud.write_text(inputs.word.read_text())
        word.write_text("bonjour")
        os.utime(word, (1, 1))
        return {}

    node = _with_run(compile_plan(contract(seed=7), TOYS)["shout"], writes_elsewhere)
    with pytest.raises(InputError) as refused:
        execute(node, toy.layout, operations=OPERATIONS, progress=SilentProgress(), stopping=lambda: False)
    assert str(refused.value) == (
        "runs/toy/data/word.txt: YZ791 changed while shout ran, so its result is not used: its sha256 was "
        f"2cf24dba5fb0 and is {digest_file(word)[:12]}\n"
        "  fix: run doit run_id=toy shout again, and let nothing else write into the run meanwhile"
    )
    assert (toy.text("out/loud.txt"), toy.layout.receipt_path("shout").read_text()) == (before, receipt)


def test_damage_done_while_a_stage_runs_is_found_though_nothing_shows_it(toy):
    toy.build(contract())
    word = toy.layout.root / "data/word.txt"

    def is_unlucky(spec, inputs, outputs, context):
        flip_a_bit(word)
        outputs.loud.write_text(inputs.word.read_text())
        return {}

    node = _with_run(compile_plan(contract(seed=7), TOYS)["shout"], is_unlucky)
    with pytest.raises(InputError, match="YZ791 changed while shout ran"):
        execute(node, toy.layout, operations=OPERATIONS, progress=SilentProgress(), stopping=lambda: False)
    assert toy.text("out/loud.txt") == "HELLO 1"


def test_a_finished_result_that_is_damaged_is_not_carried_on(damaged):
    longer = contract(seed=1)  # which shout would reach from what it has for seed 0
    damaged.execute(longer, "shout")
    assert damaged.text("out/loud.txt") == "HELLO 1"


def build_with_contract(toy, **sections):
    """A run with the record that `TELL` reads."""
    toy.build(contract(**sections))
    (toy.layout.root / "reports/config_resolved.yaml").write_text("lr: 0.1")


def _with_run(node, run):
    return replace(node, stage=replace(SHOUT, run=run))
