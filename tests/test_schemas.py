"""The committed schemas are those that the code gives."""

import pytest

from docs.generate.schemas import DIRECTORY, SCHEMAS, path_of
from yolozu.artifacts.jsonio import pretty


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_committed_schema_is_the_one_of_the_code(name):
    assert path_of(name).read_text() == pretty(SCHEMAS[name]())


def test_no_schema_is_forgotten():
    assert {path.name.removesuffix(".schema.json") for path in DIRECTORY.iterdir()} == {*SCHEMAS, "run_contract"}
