from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest
import torch

from yolozu import devices
from yolozu.devices import check_device, cuda_devices, torch_build
from yolozu.errors import UsageError


class Driver:
    """NVIDIA's driver, as far as it is asked."""

    def __init__(self, count, status=0):
        self.count, self.status = count, status

    def cuInit(self, flags):  # noqa: N802 - the driver's name
        assert flags == 0
        return self.status

    def cuDeviceGetCount(self, place):  # noqa: N802 - the driver's name
        place._obj.value = self.count
        return 0


@pytest.fixture
def machine(monkeypatch):
    """A machine with so many devices, where torch is built for CUDA."""

    def of(count, *, status=0, **build):
        monkeypatch.setattr(
            devices, "torch_build", lambda: {"__version__": "9.9+cu1", "cuda": "13.0", "hip": "None", **build}
        )
        monkeypatch.setattr(ctypes, "CDLL", lambda _: Driver(count, status))

    return of


def test_a_cpu_is_there_whatever_else_is(machine):
    machine(0)
    check_device("cpu")


def test_devices_that_the_driver_counts_are_there(machine):
    machine(2)
    assert cuda_devices() == 2
    for name in ("cuda", "cuda:0", "cuda:1"):
        check_device(name)
    with pytest.raises(UsageError) as refused:
        check_device("cuda:2")
    assert str(refused.value) == (
        "device: cuda:2: YZ501 this machine has 2 CUDA devices that torch 9.9+cu1 can use\n"
        "  fix: set device: cpu, or one of cuda:0 to cuda:1"
    )


NONE = "device: cuda: YZ501 this machine has no CUDA device that torch 9.9+cu1 can use\n  fix: set device: cpu"


def test_a_driver_that_finds_no_device_is_none(machine):
    machine(3, status=100)
    with pytest.raises(UsageError) as refused:
        check_device("cuda")
    assert str(refused.value) == NONE


def test_no_driver_is_no_device(machine, monkeypatch):
    machine(3)

    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(UsageError) as refused:
        check_device("cuda")
    assert str(refused.value) == NONE


def test_a_torch_built_for_cpus_uses_no_device_that_there_is(machine):
    machine(3, cuda="None")
    with pytest.raises(UsageError) as refused:
        check_device("cuda")
    assert str(refused.value) == NONE


def test_what_only_torch_can_tell_is_left_to_it(machine):
    machine(0, cuda="None", hip="6.4")
    assert cuda_devices() is None
    check_device("cuda:7")


def test_the_build_is_that_of_the_installed_torch():
    build = torch_build()
    assert (build["__version__"], build["cuda"], build["hip"]) == (
        torch.__version__,
        str(torch.version.cuda),
        str(torch.version.hip),
    )
    assert cuda_devices() in (None, torch.cuda.device_count())


def test_asking_imports_no_torch():
    code = (
        "import sys; from yolozu.devices import check_device\n"
        "try: check_device('cuda:99')\n"
        "except Exception as error: assert 'YZ501' in str(error)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
