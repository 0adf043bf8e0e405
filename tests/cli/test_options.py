import pytest

from yolozu.app.arguments import RANGES
from yolozu.cli.app import main
from yolozu.cli.options import in_range


@pytest.mark.parametrize("argument", RANGES)
def test_options_have_the_ranges_of_arguments(argument):
    option = in_range(argument, "Text.")
    assert (option.min, option.max, option.help) == (*RANGES[argument], "Text.")


@pytest.mark.parametrize(("option", "value"), [("confidence", 1), ("seed", -1), ("max-images", 0), ("bootstrap", 9)])
def test_values_out_of_range_are_usage_errors(option, value, capsys):
    assert main(["compare", "a", "b", f"--{option}", str(value)]) == 2
    assert capsys.readouterr().err.startswith(f"yolozu compare: YZ903 invalid value for '--{option}': ")
