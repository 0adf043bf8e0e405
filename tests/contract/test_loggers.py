"""Loggers are named in a contract like adapters: ours, and those of installed packages."""

import pytest

from tests.contract.test_adapters import loaded
from yolozu.errors import ContractError


@pytest.fixture
def package(tmp_path, monkeypatch):
    information = tmp_path / "their_package-1.2.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.2\n")
    (information / "entry_points.txt").write_text("[yolozu.loggers]\ndiary = no_such_module:Diary\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_package_s_logger_is_a_name_like_ours(package):
    assert loaded(loggers=["mlflow", "diary"]).contract.operations.loggers == ("mlflow", "diary")


def test_an_unknown_logger_offers_the_nearest(package):
    with pytest.raises(ContractError) as refused:
        loaded(loggers=["diari"])
    assert str(refused.value).splitlines() == [
        "loggers=['diari']: YZ104 there is no logger 'diari', neither here nor in an installed package",
        "  fix: did you mean 'diary'? Known: tensorboard, mlflow, trackio, diary",
    ]


def test_tensorboard_is_short_for_the_logger_of_that_name():
    assert loaded(tensorboard=True).contract.operations.all_loggers() == ["tensorboard"]
    assert loaded(tensorboard=True, loggers=["mlflow", "tensorboard"]).contract.operations.all_loggers() == [
        "tensorboard",
        "mlflow",
    ]
