"""Whatever is wrong with a file, a command ends soon with a documented exit code and says so in words.

600 inputs over all kinds of files, the same in every run; 5,000 others with `--hypothesis-profile nightly`; thousands
of each kind, with the time and the memory that they take, with `python -m benchmarks.fuzz`.
"""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.judging import judge
from tests.fuzz.mutations import lists_of_changes, spoiled
from tests.fuzz.targets import TARGETS, write_project

NIGHTLY = settings.get_current_profile_name() == "nightly"
EXAMPLES = max(1, (settings.default.max_examples if NIGHTLY else 600) // len(TARGETS))

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


@pytest.mark.slow
@pytest.mark.filterwarnings("default::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", TARGETS)
def test_a_spoiled_file_is_told_in_words(project, name, monkeypatch, capsys):
    monkeypatch.chdir(project)
    target = TARGETS[name]
    whole = (project / target.path).read_bytes()

    @TRIED
    @given(lists_of_changes(is_json=target.is_json))
    def tried(changes):
        judge(project, target, spoiled(whole, changes, is_json=target.is_json), capsys.readouterr)

    tried()
