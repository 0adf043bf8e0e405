import re
from pathlib import Path

import pytest

from yolozu.app.plan_graph import graph_lines
from yolozu.app.sessions import session_for

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs/run_contract.md"


@pytest.fixture
def session(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    return session_for(["configs/default.yaml", "run_id=never-built"])[0]


def test_text_begins_with_the_run_and_names_only_what_the_asked_stage_needs(session):
    lines = list(graph_lines(session, ["export_onnx"], "text", 80))
    assert lines[0].startswith("never-built: configs/default.yaml")
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == [
        "prepare_data",
        "train",
        "export_onnx",
    ]
    assert max(map(len, graph_lines(session, [], "text", 80))) <= 80


def test_the_graph_in_the_docs_is_what_is_printed(session):
    block = re.search(r"```mermaid\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None
    assert block.group(1).splitlines() == list(graph_lines(session, ["export_onnx"], "mermaid", 80))


def test_dot_can_be_asked_for(session):
    assert next(iter(graph_lines(session, [], "dot", 80))) == "digraph plan {"
