"""Named actors, each with a client that is signed in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from annotator import media
from annotator.accounts.models import Role, User
from annotator.accounts.people import create_person
from annotator.annotation import apart
from inference_worker.blobs import BlobStore

SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    """What one test was throttled for is none of the next one's business."""
    cache.clear()


@pytest.fixture
def same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gets which gold tasks and repeats is the same in every run, whatever ids the database hands out."""
    draw, places = apart.drawn, {}

    def drawn(what: str, enrolment_id: int, number: int) -> float:
        return draw(what, places.setdefault(enrolment_id, len(places)), number)

    monkeypatch.setattr(apart, "drawn", drawn)


@pytest.fixture
def blobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BlobStore:
    """A blob store for this test alone, so that it can be counted."""
    store = BlobStore((tmp_path / "blobs").as_uri())
    monkeypatch.setattr(media.store, "url", store.url)
    # Not by setattr: reading the old value would keep this folder for the tests that follow.
    monkeypatch.setitem(media.store.__dict__, "_place", store._place)
    return store


@pytest.fixture
def annotator(db: None) -> User:
    return create_person(username="anna", role=Role.ANNOTATOR, password="judges-stickers")


@pytest.fixture
def researcher(db: None) -> User:
    return create_person(username="rosa", role=Role.RESEARCHER, password="trains-students")


@pytest.fixture
def admin(db: None) -> User:
    return create_person(username="adam", role=Role.ADMIN, password="invites-people")


@pytest.fixture
def signed_in() -> SignedIn:
    """`signed_in(user)` is a client with that person's session."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, Any]]]:
    """What was sent to workers, instead of sending it: task, queue, message."""
    told: list[tuple[str, str, dict[str, Any]]] = []

    def send_task(name: str, args: list[dict[str, Any]], queue: str, **options: Any) -> None:
        told.append((name, queue, args[0]))

    monkeypatch.setattr("annotator.celery.app.send_task", send_task)
    return told
