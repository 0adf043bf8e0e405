"""Clusters of two nodes on this machine, built, disturbed and taken down: whether what runs there comes through.

    python -m benchmarks.cluster DIRECTORY [slurm|ray] [one_training|six_trainings|two_nodes|predicting ...]

Root is needed. What is downloaded and built lies in DIRECTORY, one folder a cluster, and the runs in a folder of this
call. Prints one table; exits 1 where a line of it is not as promised: exit code 0, and results equal to those of the
same command on this machine alone.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

KINDS = ("slurm", "ray")


def main() -> int:
    """Try each kind in a process of its own."""
    directory = Path(sys.argv[1])
    kinds = [word for word in sys.argv[2:] if word in KINDS] or KINDS
    names = [word for word in sys.argv[2:] if word not in KINDS]
    project = directory / f"project-{int(time.time())}"
    print("| what | disturbed | seconds | exit code | equal |\n|---|---|---|---|---|", flush=True)
    codes = []
    for kind in kinds:
        command = [sys.executable, "-m", f"benchmarks.clusters.{kind}", directory / kind, project, *names]
        codes.append(subprocess.run(command, check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
