"""The schema: what the front end's types are generated from, and what a stranger would try by reading it."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error

from annotator.accounts.models import Role
from annotator.accounts.people import create_person
from annotator.accounts.tokens import create_token
from annotator.wsgi import application
from tests.annotator.judged import Judging, a_checkpoint

COMMITTED = settings.BASE_DIR / "frontend" / "src" / "api" / "schema.yaml"
UNDESCRIBED = {"schema", "docs"}
openapi = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
openapi.app = application


def test_the_committed_schema_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    written = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=written)
    assert written.getvalue().rstrip() == COMMITTED.read_text(encoding="utf-8").rstrip(), (
        "the API changed: run `manage.py spectacular --file frontend/src/api/schema.yaml` and generate the types again"
    )


def named(patterns: list[URLPattern | URLResolver]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= named(pattern.url_patterns)
        elif pattern.name:
            names.add(pattern.name)
    return names


def test_every_address_is_described() -> None:
    described = {path.removeprefix("/api/v1") for path in SchemaGenerator().get_schema(public=True)["paths"]}
    assert len(described) == len(named(get_resolver("annotator.api.router").url_patterns) - UNDESCRIBED)


def test_every_operation_is_named_and_described_once_and_may_fail() -> None:
    operations = [
        operation for path in SchemaGenerator().get_schema(public=True)["paths"].values() for operation in path.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all("default" in operation["responses"] for operation in operations)
    descriptions = [operation.get("description", operation["operationId"]) for operation in operations]
    assert not set(names) & set(descriptions), "an operation that says nothing of itself"
    assert len(set(descriptions)) == len(descriptions), "two operations that say the same"


def test_the_schema_is_served_to_anybody(client: Client, db: None) -> None:
    assert "openapi: 3" in client.get("/api/v1/schema/").content.decode()
    assert "swagger-ui" in client.get("/api/v1/docs/").content.decode()


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Requests leave the test's connection open, and with it the transaction that undoes all they did."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@dataclass
class World:
    """Something of everything: by address the keys of what is there, and the tokens of two who are."""

    keys: dict[str, dict[str, Any]]
    secrets: list[str]


@pytest.fixture
def world(one_connection: None) -> World:
    annotator = create_person(username="anna", role=Role.ANNOTATOR)
    researcher = create_person(username="rosa", role=Role.RESEARCHER)
    judging = Judging(researcher, [a_checkpoint("teacher"), a_checkpoint("student")])
    annotation = judging.judge(judging.task(), annotator, shareable=set())
    return World(
        keys={
            "/api/v1/annotate/assignments/": {"uuid": str(annotation.assignment_id)},
            "/api/v1/annotate/batches/": {"public_id": str(judging.batch.public_id)},
            "/api/v1/batches/": {"id": judging.batch.pk},
            "/api/v1/checkpoints/": {"id": judging.checkpoints[0].pk},
            "/api/v1/people/": {"id": researcher.pk},
            "/api/v1/prompt-sets/": {"id": judging.batch.prompt_set_id},
            "/api/v1/tokens/": {"id": create_token(user=researcher, name="spare")[0].pk},
        },
        secrets=[create_token(user=user, name="reader")[1] for user in (annotator, researcher)],
    )


@openapi.parametrize()
@hypothesis_settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_that_the_schema_allows_breaks_the_server(case: Case, world: World) -> None:
    """By an annotator and by a researcher, as generated and again at the address of something that is there."""
    attempt(case, world)
    for address, keys in world.keys.items():
        if case.path.startswith(address) and case.path_parameters:
            case.path_parameters = {**case.path_parameters, **keys}
            attempt(case, world)


def attempt(case: Case, world: World) -> None:
    for secret in world.secrets:
        answer = case.call(headers={"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"})
        case.validate_response(answer, checks=[not_a_server_error])
        if answer.status_code >= 400:
            assert set(answer.json()) == {"error", "fields"}
