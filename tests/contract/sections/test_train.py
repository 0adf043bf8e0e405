import pytest


def test_evaluating_the_average_needs_one(refusal):
    assert refusal("epochs: 1\nema_eval: true\n") == (
        "exp.yaml:2: ema_eval: YZ105 ema_eval has no average to use without use_ema (use_ema: default)\n"
        "  fix: set use_ema: true or drop ema_eval"
    )


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:0", "cuda:12"])
def test_devices(load, device):
    assert load(f"epochs: 1\ndevice: {device}\n").contract.device.device == device


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "CPU", "mps"])
def test_other_devices_are_refused(refusal, device):
    assert "must be cpu, cuda or cuda:N, got " in refusal(f'epochs: 1\ndevice: "{device}"\n')


@pytest.mark.parametrize("key", ["stage_off_steps", "stage_k_steps"])
def test_phases_last_whole_steps(load, refusal, key):
    assert getattr(load(f"max_steps: 9\n{key}: 8\n").contract.loop, key) == 8
    assert f"exp.yaml:2: {key}: YZ104 must be a whole number of at least 0, got -1" in refusal(
        f"max_steps: 9\n{key}: -1\n"
    )
