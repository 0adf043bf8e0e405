import os
import shutil

import pytest

from tests.engine.conftest import OPERATIONS, contract
from tests.planning.toy import TELL, TOYS
from yolozu.contract.sections.predict import PredictSection
from yolozu.engine.execute_stage import execute
from yolozu.errors import GateFailed, InputError, Interrupted, UsageError
from yolozu.planning.compiler import compile_plan
from yolozu.planning.receipt import Receipt
from yolozu.progress import SilentProgress

ALL = ["letters", "shout", "count", "praise"]


def test_a_run_is_built_once(toy):
    assert toy.build(contract()) == ALL
    assert toy.text("out/praise.txt") == "well said: HELLO 1"
    assert toy.reasons(contract()) == {}
    assert toy.build(contract()) == []


def test_nothing_is_left_in_scratch(toy):
    toy.build(contract())
    assert sorted(path.name for path in (toy.layout.root / "scratch").iterdir() if path.is_dir()) == []


def test_a_changed_key_rebuilds_the_stages_that_read_it_and_what_their_results_change(toy):
    toy.build(contract())
    changed = contract(predict=PredictSection(max_detections=100))
    assert toy.reasons(changed) == {
        "count": ["max_detections: 300 → 100"],
        "praise": ["count runs before it and may change what it reads"],
    }
    assert toy.build(changed) == ["count"]


def test_an_equal_result_stops_the_rebuilding(toy):
    toy.build(contract(split="train"))
    assert toy.build(contract(split="test")) == ["letters"]


def test_a_touched_file_rebuilds_nothing_and_a_changed_one_does(toy):
    toy.build(contract())
    path = toy.layout.root / "out/loud.txt"
    os.utime(path, (1, 1))
    assert toy.build(contract()) == []
    path.write_text("HELLO 7")
    assert toy.reasons(contract())["shout"] == ["out/loud.txt has other content than when it was built"]
    assert toy.build(contract()) == ["shout"]


def test_a_deleted_report_of_a_gate_rebuilds_the_gate_alone(toy):
    toy.build(contract())
    (toy.layout.root / "reports/count.txt").unlink()
    assert toy.build(contract()) == ["count"]


def test_an_optional_output_that_appears_or_disappears_is_noticed(toy):
    toy.build(contract(split="with_extra"))
    assert toy.text("data/extra/one.txt") == "1"
    (toy.layout.root / "data/extra/one.txt").write_text("2")
    assert toy.build(contract(split="with_extra")) == ["letters"]
    toy.build(contract(split="train"))
    assert not (toy.layout.root / "data/extra").exists()


def test_a_single_file_that_is_no_longer_given_goes_too(toy):
    toy.build(contract(split="with_extra"))
    shutil.rmtree(toy.layout.root / "data/extra")
    (toy.layout.root / "data/extra").write_text("a report of an earlier contract")
    toy.build(contract(split="train"))
    assert not (toy.layout.root / "data/extra").exists()
    assert toy.reasons(contract(split="train")) == {}


def test_a_gate_publishes_its_report_and_stays_unbuilt(toy):
    strict = contract(predict=PredictSection(max_detections=2))
    with pytest.raises(GateFailed, match="7 letters"):
        toy.build(strict)
    assert toy.text("reports/count.txt") == "7"
    assert not toy.layout.receipt_path("count").exists()
    assert not (toy.layout.root / "out/praise.txt").exists()
    assert toy.reasons(strict)["count"] == ["has not been built"]


def test_a_gate_that_says_no_takes_its_earlier_yes_back(toy):
    toy.build(contract())
    strict = contract(predict=PredictSection(max_detections=2))
    with pytest.raises(GateFailed):
        toy.execute(strict, "count")
    assert toy.reasons(contract())["count"] == ["has not been built"]


def test_a_stopped_stage_goes_on_where_it_was(toy):
    toy.execute(contract(), "letters")
    with pytest.raises(Interrupted):
        toy.execute(contract(), "shout", stopping=True)
    assert not (toy.layout.root / "out/loud.txt").exists()
    toy.execute(contract(), "shout")
    assert toy.text("out/loud.txt") == "HELLO 2"


def test_a_job_that_begins_again_behind_its_own_end_does_nothing(toy, monkeypatch):
    toy.build(contract())
    receipt = toy.text("receipts/letters.json")
    monkeypatch.setenv("YOLOZU_JOB", "17")
    toy.execute(contract(), "letters")
    assert toy.text("receipts/letters.json") == receipt
    (toy.layout.root / "data/word.txt").unlink()
    toy.execute(contract(), "letters")
    assert '"job": "17"' in toy.text("receipts/letters.json")


def test_a_stopped_stage_starts_afresh_when_its_spec_changed(toy):
    toy.execute(contract(seed=3), "letters")
    with pytest.raises(Interrupted):
        toy.execute(contract(seed=3), "shout", stopping=True)
    toy.execute(contract(seed=2), "shout")
    assert toy.text("out/loud.txt") == "HELLO 1"


def test_a_stopped_stage_starts_afresh_when_its_input_changed(toy):
    toy.execute(contract(), "letters")
    with pytest.raises(Interrupted):
        toy.execute(contract(), "shout", stopping=True)
    toy.execute(contract("other"), "letters")
    toy.execute(contract(), "shout")
    assert toy.text("out/loud.txt") == "OTHER 1"


def test_a_finished_result_is_extended_where_the_spec_allows(toy):
    toy.build(contract(seed=1))
    toy.build(contract(seed=2))
    assert (toy.text("out/loud.txt"), toy.text("out/loud.prev.txt")) == ("HELLO 1!", "HELLO 1")


def test_a_damaged_result_is_not_extended(toy):
    toy.build(contract(seed=1))
    (toy.layout.root / "out/loud.txt").write_text("damaged")
    toy.build(contract(seed=2))
    assert toy.text("out/loud.txt") == "HELLO 1"


def test_the_previous_best_stays_beside_a_fresh_one(toy):
    toy.build(contract("first", seed=1))
    toy.build(contract("second", seed=0))
    assert (toy.text("out/loud.prev.txt"), toy.text("out/loud.txt")) == ("FIRST 1", "SECOND 1")


def test_a_result_that_is_made_again_with_the_same_bytes_replaces_itself(toy):
    toy.build(contract())
    (toy.layout.root / "out/loud.txt").write_text("damaged")
    toy.build(contract())
    assert toy.text("out/loud.txt") == "HELLO 1"
    assert not (toy.layout.root / "out/loud.prev.txt").exists()


def test_insisting_on_resume_refuses_a_changed_spec_and_names_the_keys(toy):
    toy.build(contract(seed=5))
    with pytest.raises(UsageError) as caught:
        toy.execute(contract(seed=4), "shout", insist_on_resume=True)
    assert str(caught.value) == (
        "toy: shout: YZ308 was made for another spec: seed: 5 → 4\n"
        "  fix: set the keys back, or leave out --resume to start afresh"
    )


def test_insisting_on_resume_refuses_when_there_is_nothing(toy):
    toy.execute(contract(), "letters")
    with pytest.raises(UsageError, match="there is nothing to resume"):
        toy.execute(contract(), "shout", insist_on_resume=True)


def test_a_kill_between_two_renames_is_finished_by_the_next_try_without_running_the_stage(toy, monkeypatch):
    toy.execute(contract(), "letters")

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("yolozu.engine.execute_stage.publish", killed)
        with pytest.raises(SystemExit):
            toy.execute(contract(), "shout")
    assert not toy.layout.receipt_path("shout").exists()
    toy.execute(contract(), "shout")
    assert toy.text("out/loud.txt") == "HELLO 1"
    assert toy.reasons(contract()).get("shout") is None


def test_a_result_made_anew_after_its_receipt_was_lost_keeps_the_best_of_before(toy):
    toy.build(contract(word="hello"))
    before = toy.text("out/loud.txt")
    toy.layout.receipt_path("shout").unlink()
    toy.build(contract(word="hallo"))
    assert toy.text("out/loud.txt") != before
    assert toy.text("out/loud.prev.txt") == before


def test_a_damaged_note_of_what_is_to_publish_is_one_message(toy):
    toy.execute(contract(), "letters")
    with pytest.raises(Interrupted):
        toy.execute(contract(), "shout", stopping=True)
    (toy.layout.scratch_dir("shout") / "publish.json").write_text('{"outputs": {"": null}}')
    with pytest.raises(InputError, match=r"publish\.json: YZ312 is no receipt: stage: Field required"):
        toy.execute(contract(), "shout")
    assert toy.text("data/word.txt")


def test_a_missing_input_is_one_message(toy):
    with pytest.raises(InputError) as caught:
        toy.execute(contract(), "shout")
    assert str(caught.value) == (
        "runs/toy/data/word.txt: YZ306 is missing, and shout reads it\n"
        "  fix: run doit run_id=toy: it builds what is missing"
    )


@pytest.mark.parametrize(("split", "told"), [("train", "a: "), ("with_extra", "a: extra")])
def test_an_optional_input_is_none_where_it_is_missing_and_a_record_is_no_part_of_the_receipt(toy, split, told):
    asked = contract(split=split)
    toy.build(asked)
    record = toy.layout.root / "reports/config_resolved.yaml"
    record.write_text("a")
    node = compile_plan(asked, [*TOYS, TELL])["tell"]
    execute(node, toy.layout, operations=OPERATIONS, progress=SilentProgress(), stopping=lambda: False)
    assert toy.text("out/told.txt") == told
    assert ("extra" in Receipt.read(toy.layout.receipt_path("tell")).inputs) is (split == "with_extra")
    record.unlink()
    with pytest.raises(InputError, match=r"config_resolved.yaml: YZ306 is missing, and tell reads it"):
        execute(node, toy.layout, operations=OPERATIONS, progress=SilentProgress(), stopping=lambda: False)
