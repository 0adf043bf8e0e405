from dataclasses import replace

from tests.planning.toy import TELL, TOYS
from yolozu.contract.sections.run import Contract
from yolozu.paths import RunLayout
from yolozu.planning.compiler import compile_plan
from yolozu.planning.receipt import Receipt
from yolozu.planning.staleness import own_reasons, staleness

NODE = compile_plan(Contract(), TOYS)["shout"]
RECEIPT = Receipt("shout", 1, {"seed": {"seed": 0}}, {"word": "w"}, {"out/loud.txt": "l"}, {}, "now", 1.0, {})
NOW = {"data/word.txt": "w", "out/loud.txt": "l"}


def lines(receipt, now):
    return [reason.render({"seed": "exp.yaml:3"}.get) for reason in staleness(NODE, receipt, now.get)]


def test_a_result_stands_when_spec_inputs_and_outputs_are_the_same():
    assert lines(RECEIPT, NOW) == []


def test_without_a_receipt_nothing_was_built():
    assert lines(None, NOW) == ["has not been built"]


def test_each_reason_has_a_word_for_a_line_that_tells_more():
    old = replace(RECEIPT, spec={"seed": {"seed": 7}}, version=0, inputs={"word": "v"}, outputs={"out/loud.txt": "k"})
    reasons = staleness(NODE, old, {"data/word.txt": "w"}.get)
    words = ["code changed", "key seed", "word.txt changed", "loud.txt missing"]
    assert [reason.word() for reason in reasons] == words
    assert [reason.word() for reason in staleness(NODE, None, NOW.get)] == ["new"]


def test_a_key_is_shown_old_and_new_with_its_place():
    old = Receipt("shout", 1, {"seed": {"seed": 7}}, {"word": "w"}, {"out/loud.txt": "l"}, {}, "now", 1.0, {})
    assert lines(old, NOW) == ["seed: 7 → 0 (exp.yaml:3)"]


def test_every_reason_is_told_at_once():
    old = Receipt("shout", 0, {"seed": {"seed": 7}}, {"word": "x"}, {"out/loud.txt": "y"}, {}, "now", 1.0, {})
    assert lines(old, {"data/word.txt": "w"}) == [
        "the stage's code changed: version 0 → 1",
        "seed: 7 → 0 (exp.yaml:3)",
        "data/word.txt has other content than when it was read",
        "out/loud.txt is missing",
    ]


def test_a_receipt_that_cannot_be_read_is_a_reason(tmp_path):
    layout = RunLayout(tmp_path / "exp01")
    RECEIPT.write(layout.receipt_path("shout"))
    assert own_reasons(NODE, layout, NOW.get) == ()
    layout.receipt_path("shout").write_text("{}")
    (reason,) = own_reasons(NODE, layout, NOW.get)
    assert reason.render() == "receipts/shout.json is no receipt of this version"


def test_an_optional_input_may_be_missing_appear_change_and_be_left_out_of_the_run():
    told = compile_plan(Contract(), [*TOYS, TELL])["tell"]
    built = Receipt("tell", 1, told.spec, {"loud": "l", "extra": "e"}, {"out/told.txt": "t"}, {}, "now", 1.0, {})
    now = {"out/loud.txt": "l", "out/told.txt": "t"}

    def said(node, receipt, digests):
        return [reason.render() for reason in staleness(node, receipt, digests.get)]

    assert said(told, replace(built, inputs={"loud": "l"}), now) == []
    assert said(told, built, now) == ["data/extra is missing"]
    assert said(told, built, now | {"data/extra": "e"}) == []
    without = replace(told, inputs={"loud": "out/loud.txt"})
    assert said(without, built, now) == ["letters.extra is no part of the run any more"]
