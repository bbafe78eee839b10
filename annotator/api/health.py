"""Whether what the server stands on answers: the database, the broker, the blob store."""

import logging
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.media import store

OK = "ok"
log = logging.getLogger(__name__)


def database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def broker() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as client:
        client.ping()


def blobs() -> None:
    store.exists("0" * 64 + ".png")


CHECKS: dict[str, tuple[Callable[[], None], str]] = {
    "database": (database, "the database does not answer: see DATABASE_URL"),
    "broker": (broker, "the broker does not answer: is Redis running at REDIS_URL?"),
    "blobs": (blobs, "the blob store does not answer: see BLOBS_URL"),
}


class HealthSerializer(serializers.Serializer[Any]):
    database = serializers.CharField()
    broker = serializers.CharField()
    blobs = serializers.CharField()


class HealthView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="health", responses={200: HealthSerializer, 503: HealthSerializer})
    def get(self, request: Request) -> Response:
        """`ok`, or what does not answer and what to look at; 503 when anything does not."""
        found = {}
        for name, (check, sentence) in CHECKS.items():
            try:
                check()
                found[name] = OK
            except Exception:  # whatever a client library raises, the answer is that it does not answer
                log.exception("health: %s", sentence)
                found[name] = sentence
        return Response(found, status=200 if set(found.values()) == {OK} else 503)
