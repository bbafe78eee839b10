"""The transport: tokens, pages, ETags, and trying again where that can do no harm."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

import httpx

from stickerloop.errors import Refused
from stickerloop.operations import Download, Listing, Operation

T = TypeVar("T")
IDEMPOTENT = {"get", "patch", "put", "delete"}
BUSY = {502, 503, 504}
PATIENCE = 15.0
LONGEST_PAUSE = 5.0
MAKE_A_TOKEN = "Make a token on the server's page Account and give it to `stickerloop login`, or set STICKERLOOP_TOKEN."


class Client:
    """`patience`: seconds for which a silent server is asked again; `note` is told of the first failure."""

    def __init__(
        self, *, url: str, token: str, patience: float = PATIENCE, note: Callable[[str], None] = lambda _: None
    ) -> None:
        self.url, self.patience, self.note = url.rstrip("/"), patience, note
        try:
            self.http = httpx.Client(
                base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(60, connect=10)
            )
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise Refused(f"{url!r} with this token cannot be asked: https://… and slp_… are expected.") from None

    def call(
        self,
        operation: Operation[T],
        body: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        files: Mapping[str, Any] | None = None,
        **parts: object,
    ) -> T:
        more: dict[str, Any] = {"data": body, "files": files} if operation.form else {"json": body}
        response = self.send(operation.method, operation.path.format(**parts), params=given(query), **more)
        return cast(T, response.json())

    def pages(self, listing: Listing[T], query: Mapping[str, object] | None = None, **parts: object) -> Iterator[T]:
        """Every item, page after page."""
        cursor: str | None = None
        while True:
            asked = {**given(query), **({"cursor": cursor} if cursor else {})}
            page = self.send("get", listing.path.format(**parts), params=asked).json()
            yield from page["results"]
            cursor = page["next"]
            if not cursor:
                return

    def changed(self, operation: Operation[T], etag: str, **parts: object) -> tuple[T | None, str]:
        """The answer and its ETag; None where it is still what it was under `etag`."""
        headers = {"If-None-Match": etag} if etag else {}
        response = self.send(operation.method, operation.path.format(**parts), headers=headers)
        if response.status_code == 304:
            return None, etag
        return cast(T, response.json()), response.headers.get("ETag", "")

    def download(
        self,
        download: Download,
        save: Callable[[httpx.Response], None],
        query: Mapping[str, object] | None = None,
        headers: Callable[[], Mapping[str, str]] = dict,
        **parts: object,
    ) -> None:
        """`save` reads the response's body; it is called afresh where the connection broke in between, after `headers`
        was asked for what to send then."""

        def attempt() -> httpx.Response:
            path = download.path.format(**parts)
            with self.http.stream("GET", path, params=given(query), headers=dict(headers())) as response:
                if response.is_success:
                    save(response)
                else:
                    response.read()
            return response

        self.persist(attempt, again=True)

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.persist(lambda: self.http.request(method, path, **more), again=method in IDEMPOTENT)

    def persist(self, attempt: Callable[[], httpx.Response], *, again: bool) -> httpx.Response:
        """Asks again with growing pauses. What is not idempotent is only sent again when it never left."""
        until, pause, noted = time.monotonic() + self.patience, 0.25, False
        while True:
            try:
                response = attempt()
                if response.status_code not in BUSY:
                    return accepted(response, self.url)
                harmless, fault = again, f"answers {response.status_code}: it is not ready"
            except (httpx.UnsupportedProtocol, httpx.InvalidURL):
                raise Refused(f"{self.url!r} is no address of a server: https://… is expected.") from None
            except httpx.TransportError as error:
                harmless = again or isinstance(error, httpx.ConnectError)
                fault = f"cannot be reached ({str(error) or type(error).__name__})"
            if not harmless or time.monotonic() + pause > until:
                raise Refused(f"{self.url} {fault}: is the server running, and the address right?")
            if not noted:
                self.note(f"{self.url} {fault}; asking again.")
                noted = True
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def given(query: Mapping[str, object] | None) -> dict[str, Any]:
    return {name: value for name, value in (query or {}).items() if value is not None}


def accepted(response: httpx.Response, url: str) -> httpx.Response:
    if response.is_success or response.status_code == 304:
        return response
    try:
        problem = response.json()
        sentence, fields = str(problem["error"]), set(problem["fields"])
    except (ValueError, KeyError, TypeError):
        raise Refused(
            f"{url} answered {response.status_code} and not as Stickerloop does: is the address right?"
        ) from None
    if response.status_code == 401:
        sentence = f"{sentence.rstrip('.')}. {MAKE_A_TOKEN}"
    raise Refused(sentence, response.status_code, fields)
