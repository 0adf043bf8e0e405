import pytest

from yolozu.contract.sections.operations import OperationsSection
from yolozu.planning.compiler import registered_stages


def test_each_logger_is_named_once():
    assert OperationsSection(tensorboard=True, loggers=("mlflow", "tensorboard")).all_loggers() == [
        "tensorboard",
        "mlflow",
    ]


@pytest.mark.parametrize("stage", registered_stages(), ids=lambda stage: stage.name)
def test_they_are_part_of_no_stage_s_spec(stage):
    assert "operations" not in stage.spec.model_fields
