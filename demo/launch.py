"""`python3 -m demo`: sets this machine up with the standard library alone, then goes on inside the environment."""

import argparse
import os
import sys
from pathlib import Path

from demo import frontend
from demo.install import PYTHON, install
from demo.machine import ROOT, SetupError, check_folder, check_port, check_python


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m demo", description="Sets up and runs all of Stickerloop here.")
    parser.add_argument("--port", type=int, default=8000, help="where the browser finds it (default 8000)")
    parser.add_argument("--reset", action="store_true", help="begin anew: the demo's accounts, clips and labels go")
    parser.add_argument("--data", type=Path, default=ROOT / "var", help="the folder of all that it keeps (default var)")
    parser.add_argument("--verbose", action="store_true", help="show every line that the processes log")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    data: Path = chosen.data.resolve()
    try:
        check_python()
        check_port(chosen.port)
        check_folder(ROOT)
        check_folder(data)
        install(["model"])
        frontend.build()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where this one was.", file=sys.stderr)
        return 130
    own = {**os.environ, "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [str(PYTHON), "-m", "demo.serve", str(chosen.port), str(data)]
    command += ["--reset"] * chosen.reset + ["--verbose"] * chosen.verbose
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(PYTHON, command, own)
