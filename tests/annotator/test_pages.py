from pathlib import Path

import pytest
from django.test import Client

from annotator.api import pages

ROUTES = ["", "signin", "join/some-secret", "annotate", "batches/7", "people", "no/such/page"]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    text = "<!doctype html><script type=module src=/static/assets/index.js></script>"
    index = tmp_path / "index.html"
    index.write_text(text)
    monkeypatch.setattr(pages, "INDEX", index)
    return text


@pytest.mark.parametrize("route", ROUTES)
def test_every_page_is_the_app(client: Client, built: str, route: str) -> None:
    answer = client.get(f"/{route}")
    assert (answer.status_code, answer.content.decode()) == (200, built)
    assert answer["Cache-Control"] == "no-cache"
    assert "csrftoken" in answer.cookies


def test_a_page_carries_what_browsers_enforce(client: Client, built: str) -> None:
    answer = client.get("/")
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert policy["frame-ancestors"] == "'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"


def test_what_was_not_built_says_how(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "INDEX", tmp_path / "gone.html")
    answer = client.get("/annotate")
    assert answer.status_code == 503
    assert "make frontend" in answer.content.decode()


@pytest.mark.parametrize("path", ["/favicon.ico", "/assets/old.js", "/static/gone.js", "/api/", "/apix/x.js"])
def test_a_missing_file_is_no_page(client: Client, built: str, path: str) -> None:
    assert client.get(path).status_code == 404


def test_pages_are_only_read(client: Client, built: str) -> None:
    assert client.post("/annotate").status_code == 405
