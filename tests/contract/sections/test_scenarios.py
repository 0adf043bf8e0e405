import pytest
from pydantic import ValidationError

from yolozu.contract.sections.scenarios import ScenariosSection


@pytest.mark.parametrize("name", ["standard", "none", "configs/examples/test_setting.yaml", "a.yml", "b.json"])
def test_a_suite_is_standard_none_or_a_file(name):
    assert ScenariosSection(scenarios=name).scenarios == name


@pytest.mark.parametrize("name", ["standart", "", "setting.txt", "configs"])
def test_another_word_is_no_suite(name):
    with pytest.raises(ValidationError):
        ScenariosSection(scenarios=name)
