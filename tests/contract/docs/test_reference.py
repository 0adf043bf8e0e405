from pathlib import Path

import pytest

from yolozu.contract.docs.reference import contract_page, errors_page, generated_files
from yolozu.error_codes import CODES

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize("path", generated_files())
def test_the_committed_file_is_what_the_code_generates(path):
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    assert text == generated_files()[path], "run: python -m yolozu contract schema --write"


def test_every_key_has_its_row():
    assert "| `lr` | a number of at least 0 | `0.0001` | Base learning rate. |" in contract_page().splitlines()
    assert "| `model.projector.d_model` | a whole number from 32 to 1024, a multiple of 32 | `256` |" in contract_page()


def test_every_code_has_its_row():
    assert all(f"| {code} | " in errors_page() for code in CODES)
