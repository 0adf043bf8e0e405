import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.engine.conftest import CONTRACT, opened
from tests.fixtures.projects import ENVIRONMENT

pytestmark = pytest.mark.slow

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c"]
CODE = """
from yolozu.cli.app import main

for words in ("status run_id=a", "why run_id=a", "plan run_id=a", "status exp.yaml run_id=b", "run run_id=a train",
              "run exp.yaml run_id=b", "train --run-id a"):
    print(main(words.split()), flush=True)
"""


def can_become_nobody():
    if os.geteuid() != 0 or shutil.which(AS_NOBODY[0]) is None:
        return False
    return subprocess.run([*AS_NOBODY, "pass"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def readable(monkeypatch):
    """A directory with a run, which others may read."""
    root = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.chdir(root)
    (root / "exp.yaml").write_text(CONTRACT)
    opened().write_plan()
    (root / "runs/.cache").mkdir()
    root.chmod(0o755)
    yield root
    shutil.rmtree(root)


# treeverse/dvc#9379: in a read-only repository every command ended with "attempt to write a readonly database".
@pytest.mark.skipif(not can_become_nobody(), reason="needs root and setpriv to become somebody who may only read")
def test_questions_about_a_run_one_may_only_read_are_answered_and_builds_refused(readable):
    before = sorted(readable.rglob("*"))
    done = subprocess.run(
        [*AS_NOBODY, CODE], cwd=readable, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    codes = [line for line in done.stdout.splitlines() if line.isdigit()]
    assert codes == ["0", "0", "0", "0", "2", "2", "2"], done.stdout + done.stderr
    assert done.stderr.count("YZ314 may not be written\n  fix: ") == 3
    assert len(done.stderr.splitlines()) == 6, done.stderr
    assert sorted(readable.rglob("*")) == before
