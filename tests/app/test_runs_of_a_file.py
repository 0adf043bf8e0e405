from pathlib import Path

from tests.engine.conftest import CONTRACT
from yolozu.app.runs_of_a_file import of_the_file, open_described
from yolozu.contract.loader import COMMAND_LINE
from yolozu.contract.overrides import Override
from yolozu.errors import Finding


def test_only_what_has_no_file_of_its_own_is_said_of_the_describing_one():
    places = [of_the_file(Finding("YZ104", where, "", ""), Path("all.yaml")).where for where in (COMMAND_LINE, "a:3")]
    assert places == ["all.yaml", "a:3"]


def test_the_file_alone_says_what_a_run_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("exp.yaml").write_text(CONTRACT)

    def opened(*given):
        return open_described("a", "exp.yaml", given, ["yolozu"], described="one of all.yaml")

    before = opened(Override("seed", 4, "all.yaml:2"))
    before.write_plan()
    assert before.headline.splitlines()[0] == "a: one of all.yaml"
    assert (before.loaded.contract.seed.seed, opened().loaded.contract.seed.seed) == (4, 0)
