import errno
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import yolozu
from tests.fixtures.projects import ENVIRONMENT
from yolozu.cli import app
from yolozu.errors import GateFailed, InputError, Interrupted

COMMANDS_DIR = Path(app.__file__).parent / "commands"


@pytest.fixture
def run(capsys):
    def run_and_read(*arguments):
        code = app.main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_and_read


@pytest.fixture
def acting(monkeypatch):
    """Make `yolozu status` do something."""

    def act(function):
        monkeypatch.setattr(app, "_load", lambda *_: function)

    return act


def test_version(run):
    assert run("--version") == (0, f"yolozu {yolozu.__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command_and_group(run, arguments):
    code, out, _ = run(*arguments)
    assert code == 0
    for name in app.COMMANDS:
        assert name.split()[0] in out


@pytest.mark.parametrize("arguments", [["contract"], ["contract", "--help"]])
def test_a_group_alone_lists_its_commands(run, arguments):
    code, out, _ = run(*arguments)
    assert code == 0
    assert all(name in out for name in ("validate", "show", "diff", "schema"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["contrakt"], "yolozu: YZ903 no such command 'contrakt'\n  fix: did you mean 'contract'?\n"),
        (["xyz"], "yolozu: YZ903 no such command 'xyz'\n  fix: see 'yolozu --help'\n"),
        (
            ["contract", "validte"],
            "yolozu contract: YZ903 no such command 'validte'\n  fix: did you mean 'validate'?\n",
        ),
        (
            ["contract", "validate", "--strct", "x"],
            "yolozu contract validate: YZ903 no such option: --strct\n  fix: did you mean '--strict'?\n",
        ),
        (
            ["contract", "validate"],
            (
                "yolozu contract validate: YZ903 missing argument 'CONFIG…'\n"
                "  fix: see 'yolozu contract validate --help'\n"
            ),
        ),
    ],
)
def test_a_command_line_that_is_none_exits_2_with_a_way_out(run, arguments, said):
    assert run(*arguments) == (2, "", said)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError.one("YZ201", where="x", problem="is broken", fix="mend it"), 2),
        (GateFailed.one("YZ201", where="x", problem="is broken", fix="mend it"), 1),
        (Interrupted.one("YZ201", where="x", problem="is broken", fix="mend it"), 75),
    ],
)
def test_errors_leave_as_findings_with_their_exit_code(run, acting, error, code):
    def fail():
        raise error

    acting(fail)
    assert run("status") == (code, "", "x: YZ201 is broken\n  fix: mend it\n")


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1), (2, 2)])
def test_a_command_may_return_its_exit_code(run, acting, result, code):
    acting(lambda: result)
    assert run("status")[0] == code


def test_ctrl_c_exits_75(run, acting):
    def stop():
        raise KeyboardInterrupt

    acting(stop)
    assert run("status") == (75, "", "interrupted\n")


def test_no_room_is_no_bug(run, acting):
    def write():
        raise OSError(errno.ENOSPC, "No space left on device", "reports/p.json")

    acting(write)
    said = (
        "reports/p.json: YZ314 the system says: No space left on device\n"
        "  fix: make room or give permission and run the same command again\n"
    )
    assert run("status") == (2, "", said)


def test_a_bug_exits_70_and_names_the_file_with_the_traceback(run, acting, tmp_path, monkeypatch):
    def crash():
        raise KeyError("lost")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    acting(crash)
    code, out, err = run("status")
    (saved,) = tmp_path.iterdir()
    assert (code, out) == (70, "")
    assert err == (
        f"yolozu: YZ904 internal bug: KeyError: 'lost'\n  fix: please report it with the traceback in {saved}\n"
    )
    assert "arguments: ['status']" in saved.read_text()
    assert "raise KeyError" in saved.read_text()


def test_the_first_words_name_a_command():
    assert app.asked_command(["contract", "show", "x.yaml"]) == "contract show"
    assert app.asked_command(["eval-coco", "--help"]) == "eval-coco"
    assert app.asked_command(["contract"]) is None
    assert app.asked_command(["--version", "plan"]) is None


def test_completion_knows_which_command_is_typed(monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "yolozu contract show --")
    assert app.asked_command(app._completed_words()) == "contract show"


@pytest.mark.parametrize("name", app.COMMANDS)
def test_every_command_of_the_table_exists_and_shows_its_help(run, name):
    code, out, err = run(*name.split(), "--help")
    assert (code, err) == (0, "")
    assert f"yolozu {name}" in out


def test_every_group_of_the_table_is_described():
    assert {name.split()[0] for name in app.COMMANDS if " " in name} == set(app.GROUPS)


def fresh_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_listing_commands_imports_no_command():
    done = fresh_python(
        "import sys\nfrom yolozu.cli.app import main\nassert main(['--help']) == 0\n"
        "found = [name for name in sys.modules if name.startswith('yolozu.cli.commands.') or name == 'pydantic']\n"
        "assert found == [], found\n"
    )
    assert done.returncode == 0, done.stderr


def test_python_m_yolozu_is_yolozu():
    done = subprocess.run([sys.executable, "-m", "yolozu", "contrakt"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "yolozu: YZ903 no such command 'contrakt'\n  fix: did you mean 'contract'?\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_with_a_line_and_exit_code_75_and_leaves_nothing(tmp_path, number):
    # bgpfix/bgpipe#15: what was being written stayed behind as temporary files on SIGTERM.
    words = ["-m", "yolozu", "data", "synth", "scenes", "--images", "100000"]
    with subprocess.Popen(
        [sys.executable, *words], cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list(tmp_path.glob(".scenes*/images/train/*")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        said = process.communicate(timeout=20)[1]
    assert (process.returncode, said) == (75, "interrupted\n")
    assert list(tmp_path.iterdir()) == []
