import pytest
from django.test import Client

from annotator.api import health
from inference_worker.blobs import BlobStore

HEALTH = "/api/v1/health/"


def test_all_well(client: Client, db: None, blobs: BlobStore) -> None:
    answer = client.get(HEALTH)
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "broker": "ok", "blobs": "ok"})


@pytest.mark.parametrize("part", ["database", "broker", "blobs"])
def test_what_does_not_answer_is_named(
    client: Client, db: None, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def silent() -> None:
        raise ConnectionError("redis://:a-password@10.0.0.1")

    sentence = health.CHECKS[part][1]
    monkeypatch.setitem(health.CHECKS, part, (silent, sentence))
    answer = client.get(HEALTH)
    assert (answer.status_code, answer.json()[part]) == (503, sentence)
    assert list(answer.json().values()).count("ok") == 2
    assert b"a-password" not in answer.content
