import subprocess
import sys

import pytest

import yolozu
from docs.generate.api_surface import NAMES, PAGE, generated


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_the_committed_file_is_what_the_code_says(path):
    """A name, parameter or field that goes or changes is a new major version (docs/development/release.md)."""
    assert path.read_text() == generated()[path], "python -m docs.generate.api_surface --write"


def test_importing_the_package_loads_nothing():
    code = "import sys, yolozu; print(sorted({'yolozu.api', 'pydantic', 'torch', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(yolozu, name).__doc__
    assert name in dir(yolozu)


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="module 'yolozu' has no attribute 'Detector'"):
        _ = yolozu.Detector


@pytest.mark.slow
def test_the_example_of_the_page_runs(finished, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(finished.copy(tmp_path / "project").root)
    example = PAGE.read_text().split("```python\n")[1].split("```")[0]
    exec(compile(example, "python.md", "exec"), {})
    said = capsys.readouterr().out
    assert "evaluate is up to date" in said
    assert "[9/9] report: up to date" in said
    assert said.splitlines()[-1].startswith("lr=fast")
