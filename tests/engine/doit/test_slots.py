from threading import Thread

import pytest

from yolozu.engine.doit import slots
from yolozu.engine.doit.slots import SharedSlots, WorkerSlots, visible_gpus, worker_variables
from yolozu.errors import UsageError


def test_a_gpu_is_one_worker_s_own():
    shared = WorkerSlots(3, ["0", "1"], {"a": 1, "b": 1, "c": 1})
    assert [shared.take(name) for name in ("a", "b", "c", "d")] == [True, True, False, True]
    assert (shared.gpus_of("a"), shared.gpus_of("b"), shared.gpus_of("d")) == (["0"], ["1"], [])
    assert not shared.take("e")
    shared.free("b")
    assert shared.take("c")
    assert shared.gpus_of("c") == ["1"]


def test_who_needs_more_than_there_are_gets_all_alone():
    shared = WorkerSlots(2, ["0", "1"], {"a": 4, "b": 1})
    assert (shared.take("a"), shared.take("b"), shared.gpus_of("a")) == (True, False, ["0", "1"])


def test_without_gpus_to_give_out_only_places_count():
    shared = WorkerSlots(2, [], {"a": 1, "b": 1})
    assert (shared.take("a"), shared.take("b"), shared.gpus_of("b")) == (True, True, [])


def test_builds_share_places_and_one_of_which_nothing_runs_waits():
    shared = SharedSlots(2, ["0", "1"])
    first, second = shared.for_build({"a/train": 1, "a/more": 1}), shared.for_build({"b/train": 5})
    assert first.take("a/train")
    assert first.gpus_of("a/train") == ["0"]
    waiting = Thread(target=second.take, args=("b/train",))
    waiting.start()
    assert first.take("a/export")  # a place is left, and no GPU is needed
    assert not first.take("a/more")  # its own end will ask again
    first.free("a/export")
    first.free("a/train")
    waiting.join(20)
    assert second.gpus_of("b/train") == ["0", "1"]


def test_gpus_are_those_that_this_process_may_see(monkeypatch):
    monkeypatch.setattr(slots, "cuda_devices", lambda: 2)
    assert visible_gpus({}, None) == ["0", "1"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "5,GPU-7"}, None) == ["5", "GPU-7"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "5,GPU-7"}, 1) == ["5"]
    with pytest.raises(UsageError) as refused:
        visible_gpus({}, 3)
    assert str(refused.value) == (
        "--gpus 3: YZ365 there are 2 GPUs that can be used here\n"
        "  fix: ask for fewer, or leave it out to use what there is"
    )


def test_cores_are_shared_out_unless_somebody_said_how_many_threads(monkeypatch):
    monkeypatch.setattr(slots, "available_cores", lambda: 8)
    assert worker_variables({}, 3, ["1"]) == {"CUDA_VISIBLE_DEVICES": "1", "OMP_NUM_THREADS": "2"}
    assert worker_variables({}, 20, []) == {"OMP_NUM_THREADS": "1"}
    assert worker_variables({}, 1, []) == worker_variables({"OMP_NUM_THREADS": "4"}, 3, []) == {}
