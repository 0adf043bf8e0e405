import tomllib

from tests.fixtures.projects import REPOSITORY
from yolozu.training.loggers.registry import LOGGERS, MODULES


def test_every_logger_of_ours_is_an_extra_and_its_class_needs_nothing():
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(LOGGERS) == set(MODULES)
    assert set(LOGGERS) <= set(extras)
    assert [name for name in LOGGERS if LOGGERS.load(name).__name__ != f"{name.title()}Logger"] == []
