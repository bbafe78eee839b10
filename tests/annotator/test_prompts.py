import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.prompts.models import Prompt, PromptSet
from annotator.prompts.prompts import add_prompt, create_prompt_set
from inference_worker.blobs import BlobStore
from tests.annotator.conftest import SignedIn
from tests.annotator.stickers import drawn, encoded, png_header
from tests.annotator.studio import queued_batch

SETS = "/api/v1/prompt-sets/"


@pytest.fixture
def spring(researcher: User, blobs: BlobStore) -> PromptSet:
    return create_prompt_set(name="Spring", by=researcher)


@pytest.fixture
def uploader(researcher: User, signed_in: SignedIn) -> Client:
    return signed_in(researcher)


def upload(client: Client, prompt_set: PromptSet, *, image: bytes | None = None, **fields: str) -> Any:
    sticker = SimpleUploadedFile("sticker.png", encoded() if image is None else image, "image/png")
    return client.post(f"{SETS}{prompt_set.pk}/prompts/", {"sticker": sticker, **fields})


def test_a_researcher_makes_a_set_and_fills_it(researcher: User, blobs: BlobStore, signed_in: SignedIn) -> None:
    browser = signed_in(researcher)
    body = {"name": "Spring", "licence": "OFL-1.1"}
    made = browser.post(SETS, body, content_type="application/json").json()
    assert (made["prompts"], made["created_by"]) == (0, "rosa")
    prompt = upload(browser, PromptSet.objects.get(), caption=" a dog\n jumping ", external_id="dog-1").json()
    assert (prompt["caption"], prompt["external_id"], prompt["split"]) == ("a dog jumping", "dog-1", "hitl")
    sticker = browser.get(prompt["sticker"])
    assert (sticker["Content-Type"], sticker.content[:4]) == ("image/png", b"\x89PNG")
    listed = browser.get(f"{SETS}{made['id']}/prompts/").json()
    assert listed == {"results": [prompt], "next": None}
    assert browser.get(f"{SETS}{made['id']}/").json()["prompts"] == 1


@pytest.mark.parametrize(
    ("image", "caption", "field", "sentence"),
    [
        pytest.param(b"just text", "a dog", "sticker", "not a PNG, WebP or GIF", id="text"),
        pytest.param(png_header(30_000, 30_000), "a dog", "sticker", "far too large", id="bomb"),
        pytest.param(encoded()[:-60], "a dog", "sticker", "damaged", id="truncated"),
        pytest.param(None, "dog " * 2500, "caption", "9,999 characters: at most 300", id="long"),
        pytest.param(None, " \n ", "caption", "is empty", id="blank"),
        pytest.param(None, "a\x07dog", "caption", "control character", id="control"),
    ],
)
def test_bad_input_is_told_by_its_field_and_stores_nothing(
    uploader: Client, spring: PromptSet, *, image: bytes | None, caption: str, field: str, sentence: str
) -> None:
    answer = upload(uploader, spring, image=image, caption=caption)
    body = answer.json()
    assert (answer.status_code, list(body["fields"])) == (400, [field])
    assert sentence in body["fields"][field][0]
    assert body["error"] == f"{field}: {body['fields'][field][0]}"
    assert Prompt.objects.count() == 0


def test_a_form_without_its_parts_says_which(researcher: User, spring: PromptSet, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).post(f"{SETS}{spring.pk}/prompts/", {"caption": "a dog"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["sticker"])


def test_an_external_id_comes_once_a_set(researcher: User, spring: PromptSet, signed_in: SignedIn) -> None:
    browser = signed_in(researcher)
    assert upload(browser, spring, caption="a dog", external_id="1").status_code == 201
    again = upload(browser, spring, caption="a cat", external_id="1")
    assert again.json()["fields"] == {"external_id": ["The set has a prompt '1' already."]}
    summer = create_prompt_set(name="Summer", by=researcher)
    assert upload(browser, summer, caption="a dog", external_id="1").status_code == 201


def test_the_same_prompt_without_an_id_is_the_same_prompt(
    researcher: User, spring: PromptSet, signed_in: SignedIn
) -> None:
    browser = signed_in(researcher)
    assert upload(browser, spring, caption="a dog").status_code == 201
    assert upload(browser, spring, caption="a dog").status_code == 400
    assert upload(browser, spring, caption="a dog", image=encoded(drawn(size=(70, 70)))).status_code == 201
    assert upload(browser, spring, caption="a cat").status_code == 201


def test_a_set_name_comes_once(researcher: User, spring: PromptSet, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).post(SETS, {"name": "Spring"}, content_type="application/json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["name"])


def test_a_huge_upload_is_refused_unread(researcher: User, spring: PromptSet, signed_in: SignedIn) -> None:
    answer = upload(signed_in(researcher), spring, image=b"x" * (11 * 2**20), caption="a dog")
    assert answer.status_code == 413
    assert "at most 10 MB" in answer.json()["error"]


def test_annotators_and_strangers_see_no_prompts(
    annotator: User, spring: PromptSet, signed_in: SignedIn, client: Client
) -> None:
    for address in (SETS, f"{SETS}{spring.pk}/", f"{SETS}{spring.pk}/prompts/"):
        assert signed_in(annotator).get(address).status_code == 403
        assert client.get(address).status_code == 401
    assert upload(signed_in(annotator), spring, caption="a dog").status_code == 403


def test_an_unknown_set_is_not_there(researcher: User, signed_in: SignedIn) -> None:
    browser = signed_in(researcher)
    for address in (f"{SETS}77/", f"{SETS}77/prompts/", f"{SETS}{2**70}/prompts/"):
        answer = browser.get(address)
        assert answer.status_code == 404
        assert set(json.loads(answer.content)) == {"error", "fields"}


def test_lists_cost_the_same_however_long(
    researcher: User, spring: PromptSet, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(55):
        add_prompt(prompt_set=spring, caption=f"dog {number}", image=encoded())
        create_prompt_set(name=f"set {number}", by=researcher)
    browser = signed_in(researcher)
    with django_assert_num_queries(2):  # the session's user, the list
        assert len(browser.get(SETS).json()["results"]) == 50
    with django_assert_num_queries(3):  # and the set
        first = browser.get(f"{SETS}{spring.pk}/prompts/").json()
    rest = browser.get(f"{SETS}{spring.pk}/prompts/", {"cursor": first["next"]}).json()
    captions = [prompt["caption"] for prompt in first["results"] + rest["results"]]
    assert captions == [f"dog {number}" for number in range(55)]


def test_a_prompt_is_taken_out_unless_a_batch_has_it(researcher: User, blobs: BlobStore, signed_in: SignedIn) -> None:
    browser, batch = signed_in(researcher), queued_batch(prompts=1)
    used = Prompt.objects.get()
    added = upload(browser, used.prompt_set, caption="a dog jumping").json()
    at = f"{SETS}{used.prompt_set_id}/prompts/"
    assert browser.delete(f"{at}{added['id']}/").status_code == 204
    refused = browser.delete(f"{at}{used.pk}/")
    assert (refused.status_code, "A batch has this prompt" in refused.json()["error"]) == (400, True)
    assert list(Prompt.objects.all()) == [used]
    assert batch.tasks.count() == 1
    assert browser.delete(f"{SETS}{used.prompt_set_id + 1}/prompts/{used.pk}/").status_code == 404
    assert browser.delete(f"{SETS}{2**70}/prompts/{used.pk}/").status_code == 404
