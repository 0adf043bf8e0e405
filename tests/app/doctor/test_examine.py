import subprocess
import sys

import pytest

from tests.fixtures.projects import ENVIRONMENT


@pytest.mark.slow
def test_without_training_torch_is_not_imported_and_nothing_is_written(empty_project, tmp_path):
    project = empty_project.copy(tmp_path / "project")
    code = (
        "import sys\n"
        "from yolozu.app.doctor.examine import examine\n"
        "from yolozu.app.sessions import session_for\n"
        "session, _ = session_for(['exp.yaml'], strict=False, may_begin=False)\n"
        "print([verdict.name for verdict in examine(session, minutes=None, say=print)])\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['Python', 'packages', 'device', 'threads', 'telemetry', 'disk', 'data', 'held out']\n"
    assert not list(project.root.glob("runs/[!.]*"))
