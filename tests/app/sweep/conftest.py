"""A sweep of three runs over two keys, in a directory of its own."""

from pathlib import Path

import pytest

from tests.fixtures.played import CONTRACT
from tests.fixtures.played_stages import play

SWEEP = """\
config_version: 1
run_id: s
base: exp.yaml
list:
- {lr: 0.001}
- {lr: 0.01}
- {lr: 0.01, eval_engine: pycocotools}
"""


@pytest.fixture
def played(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("exp.yaml").write_text(CONTRACT.replace("store: false", "store: true"))
    Path("sweep.yaml").write_text(SWEEP)
    return play(monkeypatch)
