"""Files of earlier releases are read by today's code; `tests/fixtures/older_files.py` says by what."""

import shutil
from pathlib import Path

import pytest

from tests.fixtures.older_files import reader_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
RELEASES = sorted(FIXTURES.glob("release_*"))
FILES = [path.relative_to(FIXTURES) for release in RELEASES for path in sorted(release.rglob("*")) if path.is_file()]


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Copies of all releases' projects, which reading may write into."""
    place = tmp_path_factory.mktemp("releases")
    for release in RELEASES:
        shutil.copytree(release, place / release.name)
    return place


def inside(path):
    return Path(*path.parts[1:]).as_posix()


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_of_an_earlier_release_is_read(projects, path, monkeypatch):
    monkeypatch.chdir(projects / path.parts[0])
    reader = reader_of(inside(path))
    assert reader is not None, f"{path}: no reader; add its kind to tests/fixtures/older_files.py"
    read = reader(Path.cwd() / inside(path))
    assert (read is None, read is False) == (False, False)
