"""Start-up, side by side in one run: commands that do no training, as a share of ``import torch``.

    python benchmarks/startup.py [CONFIG] [RUN_ID]

With a run id of a finished run it also times `doit` with nothing to do. Medians of interleaved repetitions.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

REPEATS = 9


def main(arguments: list[str]) -> None:
    config = arguments[0] if arguments else "configs/default.yaml"
    commands = {
        "python -c 'import torch'": [sys.executable, "-c", "import torch"],
        "python -c 'import yolozu'": [sys.executable, "-c", "import yolozu"],
        "yolozu contract validate": [sys.executable, "-m", "yolozu", "contract", "validate", config],
        "yolozu --help": [sys.executable, "-m", "yolozu", "--help"],
    }
    if len(arguments) > 1:
        commands["doit, nothing to do"] = [sys.executable, "-m", "doit", f"run_id={arguments[1]}"]
        commands["yolozu plan"] = [sys.executable, "-m", "yolozu", "plan", f"run_id={arguments[1]}"]
        commands["yolozu status"] = [sys.executable, "-m", "yolozu", "status", f"run_id={arguments[1]}"]
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, check=False)
            times[name].append(time.perf_counter() - started)
            if done.returncode:
                raise SystemExit(f"{name}: exit {done.returncode}\n{done.stderr.decode()}")
    torch_s = statistics.median(times["python -c 'import torch'"])
    print(f"{'command':<28} {'median s':>9} {'of import torch':>16}")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:<28} {median:>9.3f} {median / torch_s:>16.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
