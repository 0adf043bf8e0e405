import pytest
from pydantic import ValidationError

from yolozu.evaluation.forgetting.report import ForgettingReport


def test_there_is_no_forgetting_without_an_earlier_task():
    values = {"timestamp": "", "matrix": [[0.5]], "score_threshold": 0.25, "earlier": []}
    averages = dict.fromkeys(("average", "forgetting", "backward_transfer"))
    with pytest.raises(ValidationError, match="tasks"):
        ForgettingReport(tasks=["a"], **values, **averages)
