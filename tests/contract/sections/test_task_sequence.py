import pytest
from pydantic import ValidationError

from yolozu.contract.sections.task_sequence import TaskSequence


@pytest.mark.parametrize("name", ["../a", "", "a b", "a" * 65])
def test_names_can_be_those_of_runs(name):
    with pytest.raises(ValidationError):
        TaskSequence(config_version=1, run_id="seq", tasks=({"name": name},))


def test_a_sequence_has_tasks():
    with pytest.raises(ValidationError):
        TaskSequence(config_version=1, run_id="seq", tasks=())
