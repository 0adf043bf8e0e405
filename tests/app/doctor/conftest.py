"""A bench on the small data set of `empty_project`, whose data was looked at."""

import os

import pytest

from yolozu.app.doctor.data import data_verdicts
from yolozu.app.doctor.stages import Bench
from yolozu.app.sessions import session_for


@pytest.fixture(scope="module")
def bench(empty_project, tmp_path_factory):
    before = os.getcwd()  # noqa: PTH109 - to be restored
    os.chdir(empty_project.root)
    session, _ = session_for(["exp.yaml"], strict=False, may_begin=False)
    made = Bench(session, tmp_path_factory.mktemp("bench"))
    made.lay_out()
    data_verdicts(made)
    yield made
    os.chdir(before)
