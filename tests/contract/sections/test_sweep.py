import pytest
from pydantic import ValidationError

from yolozu.contract.sections.sweep import Sweep


@pytest.mark.parametrize("wrong", [{"grid": {}}, {"grid": {"lr": ()}}, {"list": ()}, {"metric": "map"}, {"samples": 0}])
def test_nothing_to_choose_from_is_refused(wrong):
    with pytest.raises(ValidationError):
        Sweep(config_version=1, run_id="s", **wrong)


def test_runs_are_ranked_by_average_precision_unless_said_otherwise():
    sweep = Sweep(config_version=1, run_id="s", grid={"lr": (0.1,)})
    assert (sweep.metric, sweep.max_runs) == ("map50_95", 100)
