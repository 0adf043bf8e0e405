"""The documentation site: its navigation has every page, and it builds without a warning."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
SITE = tomllib.loads((REPOSITORY / "zensical.toml").read_text())["project"]


def pages_in(entries):
    for entry in entries:
        for value in entry.values():
            yield from [value] if isinstance(value, str) else pages_in(value)


def test_the_navigation_has_every_page_once():
    docs = REPOSITORY / SITE["docs_dir"]
    assert Counter(pages_in(SITE["nav"])) == Counter(str(path.relative_to(docs)) for path in docs.rglob("*.md"))


def test_readers_fetch_nothing_from_elsewhere():
    assert SITE["theme"]["font"] is False


@pytest.mark.slow
def test_the_site_builds_strictly(tmp_path):
    if shutil.which("zensical") is None:
        pytest.skip("zensical is not installed; .ci/docs installs it")
    done = subprocess.run([REPOSITORY / ".ci/docs", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Where to begin" in (tmp_path / "index.html").read_text()
    links = (tmp_path / "reference/effects/index.html").read_text()
    assert "https://github.com/yolozu/yolozu/blob/main/tests/" in links
