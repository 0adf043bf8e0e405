"""The command `yolozu`, and `python -m yolozu`, which is the same."""

import signal
import sys


def main() -> int:
    """Run the command line. Interrupted before it can answer signals, it ends by the signal, without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from yolozu.cli.app import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
