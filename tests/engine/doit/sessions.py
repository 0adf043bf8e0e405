"""Sessions of runs that differ in keys."""

from pathlib import Path

from tests.engine.conftest import opened
from tests.fixtures.played import CONTRACT


def sessions_of(**runs):
    """Run -> words of its command line, in this directory."""
    Path("exp.yaml").write_text(CONTRACT.replace("store: false", "store: true"))
    return [opened(*words.split(), run_id=run) for run, words in runs.items()]
