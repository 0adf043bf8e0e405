import signal

import pytest

from tests.engine.doit.test_runner import DOIT, NOT_KEPT, assert_stopped
from tests.fixtures.played import make_played, signalled

pytestmark = pytest.mark.slow


# pydoit/doit#461 and brushtechnology/fabricate#52: Ctrl-C of a parallel build hangs, and what it runs goes on.
def test_ctrl_c_of_a_parallel_doit_stops_the_training_and_ends(tmp_path):
    make_played(tmp_path)
    words = [*DOIT, "-n", "4", "run_id=a"]
    ended = signalled(tmp_path, words, at="train runs", numbers=[signal.SIGINT], to="group")
    assert_stopped(ended)
    assert "YZ505 stopped on request" in ended.said


# homeylab/bookstack-file-exporter#157: a request to stop that came during an export was lost.
def test_a_stop_during_the_export_ends_the_build_there(tmp_path):
    make_played(tmp_path, train_s=0, others={"export_onnx": 20})
    ended = signalled(tmp_path, [*DOIT, "run_id=a"], at="export_onnx runs", numbers=[signal.SIGTERM])
    assert_stopped(ended)
    assert NOT_KEPT in ended.said
    assert "onnx_parity runs" not in ended.said


# argilla-io/distilabel#404: a pipeline that is stuck in a step could not be stopped, however often one pressed Ctrl-C.
def test_a_second_ctrl_c_ends_at_once_without_a_traceback(tmp_path):
    make_played(tmp_path, saving_s=20)
    numbers = [signal.SIGINT, signal.SIGINT]
    ended = signalled(tmp_path, [*DOIT, "run_id=a"], at="train runs", numbers=numbers, to="group")
    assert_stopped(ended)
    assert "a: train: YZ311 stopped on request, at once, on a second request" in ended.said
