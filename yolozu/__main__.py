"""`python -m yolozu` is `yolozu`."""

import sys

from yolozu.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
