"""Clusters of two nodes on this machine, built, disturbed and taken down: whether trainings come through to the bit.

    python -m benchmarks.cluster DIRECTORY [slurm] [ray]

Root is needed. What is downloaded and built lies in DIRECTORY, one folder a cluster; exits 1 where a promise is broken.
"""

from __future__ import annotations

import subprocess
import sys

KINDS = ("slurm", "ray")


def main() -> int:
    """Try each kind in a process of its own."""
    directory, kinds = sys.argv[1], sys.argv[2:] or KINDS
    codes = []
    for kind in kinds:
        print(f"\n{kind}\n", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.clusters.{kind}", f"{directory}/{kind}"], check=False)
        codes.append(done.returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
