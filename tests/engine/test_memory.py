"""Memory of workers."""

import subprocess
import sys

import pytest

from yolozu.engine.memory import keeping_memory


def test_the_environment_is_kept_and_has_the_last_word():
    assert keeping_memory({"HOME": "/root", "MALLOC_MMAP_MAX_": "9"}) == {
        "HOME": "/root",
        "MALLOC_MMAP_MAX_": "9",
        "MALLOC_TRIM_THRESHOLD_": "1099511627776",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="settings of glibc")
def test_a_freed_block_is_not_given_back():
    code = (
        "import resource\n"
        "for _ in range(3): bytes(64 << 20)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(5): bytes(64 << 20)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)\n"
    )
    run = [sys.executable, "-c", code]
    kept = int(subprocess.run(run, env=keeping_memory({}), capture_output=True, text=True, check=True).stdout)
    assert kept < 1000
