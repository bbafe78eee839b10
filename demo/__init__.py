"""What `make demo` and the other verbs of the Makefile run: set up this machine, then start every process.

Up to and including `install`, only the standard library is there.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whoever has an older Python gets a sentence, not a SyntaxError
    found = f"{sys.version_info[0]}.{sys.version_info[1]}"
    sys.exit(f"Stickerloop needs Python 3.11 or later; this is {found}. Name another one: make PYTHON=python3.12 …")
