import pytest
from django.test import Client

from inference_worker.blobs import BlobStore

DATA = b"\x89PNG not really, but bytes are bytes"


@pytest.fixture
def address(blobs: BlobStore) -> str:
    return f"/media/{blobs.put(DATA, 'png')}"


def test_a_blob_comes_without_a_session_or_a_query(client: Client, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer
    assert "Vary" not in answer


@pytest.mark.parametrize(("extension", "kind"), [("webp", "image/webp"), ("html", "application/octet-stream")])
def test_nothing_is_served_as_a_page(client: Client, blobs: BlobStore, extension: str, kind: str) -> None:
    assert client.get(f"/media/{blobs.put(b'<script>', extension)}")["Content-Type"] == kind


def test_a_browser_that_has_it_gets_304(client: Client, address: str) -> None:
    tag = client.get(address)["ETag"]
    answer = client.get(address, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert client.get(address, headers={"If-None-Match": '"another"'}).status_code == 200


def test_head_tells_the_length_without_the_bytes(client: Client, address: str) -> None:
    answer = client.head(address)
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, str(len(DATA)), b"")


def test_nothing_can_be_written_there(client: Client, address: str) -> None:
    for write in (client.post, client.put, client.delete):
        assert write(address).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "",
        "../settings.py",
        "..%2f..%2fetc%2fpasswd",
        f"{'a' * 64}.png",
        f"{'a' * 64}.png%0a",
        f"{'A' * 64}.png",
        f"{'a' * 64}",
        f"aa/{'a' * 64}.png",
        f"{'a' * 64}.png/../x",
        "%00",
    ],
)
def test_any_other_path_is_not_there(client: Client, address: str, path: str) -> None:
    answer = client.get(f"/media/{path}")
    assert (answer.status_code, answer.content) == (404, b"No such blob.")


def test_a_damaged_blob_is_not_served(client: Client, blobs: BlobStore, address: str) -> None:
    name = address.removeprefix("/media/")
    (_, root) = blobs._place
    with open(f"{root}/{name[:2]}/{name}", "r+b") as file:
        file.write(b"X")
    assert client.get(address).status_code == 404
