"""docker-compose.yml and the Dockerfiles agree with the Procfile, the settings and the files that are there."""

import re
import shlex

import pytest
import yaml
from django.core.management import get_commands

from demo.machine import ROOT
from demo.processes import read_procfile

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


def test_every_process_of_the_procfile_is_a_service():
    roles = {name.split("-")[0] for name in SERVICES}
    assert set(read_procfile(ROOT / "Procfile")) <= roles
    assert {"postgres", "redis", "migrate"} <= roles
    for role in ("worker", "trainer"):
        assert (SERVICES[f"{role}-gpu"]["profiles"], SERVICES[f"{role}-cpu"]["profiles"]) == (["gpu"], ["cpu"])


def test_services_run_what_the_procfile_runs():
    procfile = read_procfile(ROOT / "Procfile")
    for name in ("dispatcher", "jobs", "results"):
        assert SERVICES[name]["command"].split()[:4] == procfile[name].split()[:4]
    assert SERVICES["worker-gpu"]["command"].startswith("python -m inference_worker")
    for name in ("trainer-gpu", "trainer-cpu"):
        assert SERVICES[name]["command"].startswith("python -m inference_worker.trainer --runs /data/")
        assert "data:/data" in SERVICES[name]["volumes"]
    for service in SERVICES.values():
        words = shlex.split(service.get("command", ""))
        if "manage.py" in words:
            assert words[words.index("manage.py") + 1] in get_commands()


def test_what_services_wait_for_is_there_and_has_a_health_check():
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other]
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]


def test_workers_are_given_no_database():
    for name, service in SERVICES.items():
        if name.startswith(("worker", "trainer")):
            assert set(service["environment"]) == {"REDIS_URL", "BLOBS_URL"}


def test_settings_read_every_variable_that_the_web_is_given():
    settings = (ROOT / "annotator" / "settings.py").read_text()
    for name in SERVICES["web"]["environment"]:
        assert f'"{name}"' in settings


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "Dockerfile.worker"])
def test_dockerfiles_copy_what_is_there(dockerfile: str):
    sources = []
    for line in (ROOT / dockerfile).read_text().splitlines():
        if found := re.match(r"COPY (?!--from)(.+) \S+$", line):
            sources += found[1].split()
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
