"""Whatever is wrong with a file, a command ends soon with a documented exit code and says so in words.

300 inputs over all kinds of files, the same in every run; 5,000 others with `--hypothesis-profile nightly`.
"""

import shutil
import signal
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import CHANGES, JSON_CHANGES, spoiled
from tests.fuzz.targets import OUT, TARGETS, outcome, write_project
from yolozu.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_REFUSED, EXIT_USAGE

DOCUMENTED = {EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_INTERRUPTED}
LONGEST_S = 30
NIGHTLY = settings.get_current_profile_name() == "nightly"
EXAMPLES = max(1, (settings.default.max_examples if NIGHTLY else 300) // len(TARGETS))

TRIED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not NIGHTLY,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return write_project(tmp_path_factory.mktemp("spoiled") / "project")


@contextmanager
def ending_soon():
    def stop(number, frame):
        raise TimeoutError(f"took longer than {LONGEST_S} s")

    earlier = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)


def judge(project, target, data, printed):
    """Put ``data`` in the target's place, and hold what all its commands do against what is documented."""
    path = project / target.path
    whole = path.read_bytes()
    try:
        path.write_bytes(data)
        for command in target.commands:
            shutil.rmtree(project / OUT, ignore_errors=True)
            (project / OUT).mkdir()
            with ending_soon():
                code = outcome(command, path)
            said = "".join(printed())
            assert (code in DOCUMENTED, "Traceback" in said, "\x1b" in said) == (True, False, False), (command, said)
    finally:
        path.write_bytes(whole)


@pytest.mark.slow
@pytest.mark.filterwarnings("default::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", TARGETS)
def test_a_spoiled_file_is_told_in_words(project, name, monkeypatch, capsys):
    monkeypatch.chdir(project)
    target = TARGETS[name]
    whole = (project / target.path).read_bytes()
    change = st.one_of(CHANGES, JSON_CHANGES) if target.is_json else CHANGES

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not NIGHTLY,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(change, min_size=1, max_size=3))
    def tried(changes):
        judge(project, target, spoiled(whole, changes, is_json=target.is_json), capsys.readouterr)

    tried()
