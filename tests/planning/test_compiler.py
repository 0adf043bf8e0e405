from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.planning.toy import COUNT, LETTERS, PRAISE, SHOUT, TELL, TOYS, CountSpec, PraiseInputs
from yolozu.contract.sections.predict import PredictSection
from yolozu.contract.sections.run import Contract
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.stages.base import Stage, StageSpec, gives, gives_at, needs


def test_the_graph_follows_from_the_declarations_whatever_their_order():
    plan = compile_plan(Contract(), TOYS[::-1])
    assert [node.name for node in plan.nodes] == ["letters", "shout", "count", "praise"]
    assert plan["praise"].inputs == {"loud": "out/loud.txt"}
    assert plan["praise"].gates == {"count": "reports/count.txt"}
    assert plan["praise"].upstream == ("shout", "count")


def test_a_request_holds_the_slice_and_the_paths():
    assert compile_plan(Contract(), [LETTERS, SHOUT])["shout"].request() == {
        "schema_version": 1,
        "stage": "shout",
        "version": 1,
        "spec": {"seed": {"seed": 0}},
        "inputs": {"word": "data/word.txt"},
        "gates": {},
        "outputs": {"loud": "out/loud.txt"},
    }


def test_what_a_stage_needs_comes_with_it_and_nothing_else():
    plan = compile_plan(Contract(), TOYS)
    assert [node.name for node in plan.needed_for(["count"])] == ["letters", "shout", "count"]
    assert plan.needed_for([]) == plan.nodes


def test_two_producers_of_a_path_are_refused():
    with pytest.raises(AssertionError, match=r"out/loud.txt is given by both shout and louder"):
        compile_plan(Contract(), [LETTERS, SHOUT, replace(SHOUT, name="louder")])


def test_an_input_nobody_gives_is_refused():
    with pytest.raises(AssertionError, match=r"count.loud: nobody gives shout.loud"):
        compile_plan(Contract(), [COUNT])


def test_a_cycle_is_refused():
    @dataclass(frozen=True)
    class HenInputs:
        egg: Path = needs("egg.egg")

    @dataclass(frozen=True)
    class HenOutputs:
        hen: Path = gives("hen")

    @dataclass(frozen=True)
    class EggInputs:
        hen: Path = needs("hen.hen")

    @dataclass(frozen=True)
    class EggOutputs:
        egg: Path = gives("egg")

    hen = Stage("hen", 1, StageSpec, HenInputs, HenOutputs, PRAISE.run)
    egg = Stage("egg", 1, StageSpec, EggInputs, EggOutputs, PRAISE.run)
    with pytest.raises(AssertionError, match="wait for each other: hen, egg"):
        compile_plan(Contract(), [hen, egg])


def test_the_registered_stages_form_the_pipeline():
    plan = compile_plan(Contract(), registered_stages())
    assert [node.name for node in plan.nodes] == [
        "prepare_data", "train", "export_onnx", "onnx_parity", "predict", "validate_predictions", "evaluate",
        "scenarios", "report",
    ]  # fmt: skip
    assert plan["predict"].gates == {"parity": "reports/onnx_parity.json"}
    assert plan["evaluate"].gates == {"check": "reports/predictions_check.json"}
    assert plan["scenarios"].gates == {"evaluated": "reports/eval_coco.json"}
    assert plan["report"].gates == {"check": "reports/predictions_check.json"}
    assert plan["report"].records == {"contract": "reports/config_resolved.yaml", "receipts": "receipts"}


def test_a_stage_that_the_contract_does_not_want_is_left_out():
    class UnwantedSpec(CountSpec):
        def wanted(self):
            return False

    unwanted = Stage("echo", 1, UnwantedSpec, PraiseInputs, EchoOutputs, PRAISE.run)
    assert "echo" not in compile_plan(Contract(), [*TOYS, unwanted])


@dataclass(frozen=True)
class EchoOutputs:
    echo: Path | None = gives_at("predict.predictions")


@pytest.mark.parametrize(
    ("path", "outputs"), [(None, None), ("out/echo.txt", {"echo": "out/echo.txt"}), ("out/loud.txt", None)]
)
def test_an_output_at_a_path_of_the_contract_s_choice(path, outputs):
    """None where it is not asked for, or where another stage gives it anyway; without outputs there is no stage."""
    echo = Stage("echo", 1, CountSpec, PraiseInputs, EchoOutputs, PRAISE.run)
    plan = compile_plan(Contract(predict=PredictSection(predictions=path)), [*TOYS, echo])
    assert (plan["echo"].outputs if "echo" in plan else None) == outputs
    assert outputs is None or (plan["echo"].asked_for("echo"), plan["shout"].asked_for("loud")) == (True, False)


def test_an_optional_input_of_a_stage_that_a_plan_lacks_is_left_out_and_a_record_makes_nothing_stale():
    plan = compile_plan(Contract(), [*TOYS, TELL])
    assert plan["tell"].inputs == {"loud": "out/loud.txt", "extra": "data/extra"}
    assert plan["tell"].records == plan["tell"].request()["records"] == {"contract": "reports/config_resolved.yaml"}
    assert plan["tell"].upstream == ("shout", "letters")
    assert plan["tell"].optional_inputs == {"extra", "echo"}
