import subprocess
import sys
from pathlib import Path

from yolozu.cli.app import main

REPOSITORY = Path(__file__).parents[3]
CONTRACT = "configs/default.yaml"


def test_text_is_the_default_and_fits_the_terminal(capsys, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["graph", CONTRACT, "run_id=never-built"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "prepare_data          not built"
    assert max(map(len, lines)) <= 60


def test_a_format_that_there_is_not_is_refused(capsys):
    assert main(["graph", CONTRACT, "--format", "png"]) == 2
    assert "YZ903" in capsys.readouterr().err


def test_a_run_that_is_not_there_is_refused(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["graph", "run_id=nothing"]) == 2
    assert "nothing" in capsys.readouterr().err


def test_no_array_library_is_loaded():
    code = (
        "import sys; from yolozu.cli.app import main; "
        f"main(['graph', '{CONTRACT}', 'run_id=never-built', '--format', 'mermaid']); "
        "sys.exit(sorted({'torch', 'numpy'} & set(sys.modules)) != [])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("flowchart TD\n")
