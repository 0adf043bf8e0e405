import pytest

from yolozu.contract.docs.docstrings import docstrings_of, summary_of
from yolozu.contract.sections.optim import OptimSection
from yolozu.contract.strict.slots import sections, slots_of


def test_docstrings_are_one_paragraph():
    assert docstrings_of(OptimSection)["lr"] == "Base learning rate."
    assert summary_of(OptimSection) == "Optimizer, its parameter groups, accumulation and clipping."


def every_section():
    waiting = list(sections().values())
    for section in waiting:
        waiting += [slot.section for slot in slots_of(section).values() if slot.section is not None]
    return waiting


@pytest.mark.parametrize("section", every_section(), ids=lambda section: section.__name__)
def test_every_key_and_section_is_documented(section):
    assert set(docstrings_of(section)) == set(section.model_fields)
    assert summary_of(section).endswith(".")
