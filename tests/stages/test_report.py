"""The page and the sheet of a run, as a stage of its graph."""

from dataclasses import fields

import pytest
from PIL import Image

from tests.report.html_reading import read_page
from tests.report.made import material_in, rows_in
from tests.stages.contexts import Notes, context_in
from yolozu.contract.sections.report import ReportSection
from yolozu.contract.sections.run import Contract
from yolozu.contract.sections.scenarios import ScenariosSection
from yolozu.planning.compiler import compile_plan, registered_stages
from yolozu.report.material import RunFiles
from yolozu.stages.report import STAGE, ReportInputs, ReportOutputs, ReportSpec


@pytest.fixture
def stage(tmp_path):
    """Run the stage with these keys; the page as it is read, the sheet's size, and what was said."""
    files = material_in(tmp_path).files

    def make(**keys):
        given = {entry.name: getattr(files, entry.name, None) for entry in fields(ReportInputs)}
        rows = rows_in(tmp_path / "rows.jsonl", ("train_step", 1, {"total": 1.0}, {"lr": 0.1}))
        inputs = ReportInputs(**{**given, "train_metrics": rows})
        outputs = ReportOutputs(tmp_path / "report.html", tmp_path / "predictions.jpg")
        notes = Notes()
        numbers = STAGE.run(ReportSpec(report=ReportSection(**keys)), inputs, outputs, context_in(tmp_path, notes))
        assert numbers["page_bytes"] == outputs.page.stat().st_size
        with Image.open(outputs.sheet) as sheet:
            return read_page(outputs.page.read_text()), sheet.size, notes.lines

    return make


def test_page_and_sheet_are_made_of_what_there_is(stage):
    page, size, said = stage()
    assert {"summary", "training", "pictures"} <= set(page.ids)
    assert size == (1256, 580)
    assert said == ["report: reports/report.html and reports/predictions.jpg"]


@pytest.mark.effect("report_pictures")
def test_more_pictures_are_shown_where_they_are_asked_for(stage):
    shown = {count: stage(report_pictures=count) for count in (1, 2, 4)}
    assert [(len(page.pictures), size) for page, size, _ in shown.values()] == [
        (5, (636, 315)), (5, (1256, 315)), (8, (1256, 580)),
    ]  # fmt: skip


@pytest.mark.effect("report_score_threshold")
def test_detections_below_the_threshold_are_no_answers(stage):
    assert "1 found, 0 missed, 2 wrong" in stage(report_score_threshold=0.05)[0].text
    assert "1 found, 0 missed, 1 wrong" in stage(report_score_threshold=0.5)[0].text


@pytest.mark.effect("report")
def test_a_contract_may_do_without(tmp_path):
    plans = [compile_plan(Contract(report=ReportSection(report=on)), registered_stages()) for on in (True, False)]
    assert ["report" in plan for plan in plans] == [True, False]


def test_a_run_without_scenarios_has_a_report_all_the_same():
    plan = compile_plan(Contract(scenarios=ScenariosSection(scenarios="none")), registered_stages())
    assert "scenarios" not in plan["report"].inputs
    assert "scenarios" not in plan["report"].upstream
    assert compile_plan(Contract(), registered_stages())["report"].inputs["scenarios"] == "reports/scenarios.json"


def test_every_file_that_a_report_can_be_made_of_is_an_input():
    assert {entry.name for entry in fields(RunFiles)} == {entry.name for entry in fields(ReportInputs)} - {"check"}
