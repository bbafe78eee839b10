"""Downloads of clips for researchers. Annotators judge blind, and get no file by a clip's key."""

from typing import Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher
from annotator.generation.access import clip_to_share
from annotator.generation.models import ClipState
from annotator.generation.sharing import file_tag, shared_file
from inference_worker.blobs import BlobError
from inference_worker.formats.clip import Colour, FormatError, read_colour
from inference_worker.formats.fitting import find_format
from inference_worker.formats.table import FORMATS

TARGETS = list(FORMATS)
CONTENT_TYPES = sorted({wanted.container.content_type for wanted in FORMATS.values()})


class FormatSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=TARGETS)
    title = serializers.CharField()
    about = serializers.CharField(help_text="Container, size and limit, or what becomes of the transparency.")
    needs_background = serializers.BooleanField(
        source="container.needs_background", help_text="`background` is seen, below everything or at soft edges."
    )


class FileRequestSerializer(serializers.Serializer[Any]):
    background = serializers.CharField(
        required=False, default="ffffff", help_text="rrggbb or a CSS name; for formats without soft transparency."
    )

    def validate_background(self, text: str) -> Colour:
        try:
            return read_colour(text)
        except FormatError as error:
            raise serializers.ValidationError(str(error)) from None


class FormatsView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="formats", responses=FormatSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The formats in which clips can be downloaded."""
        return Response(FormatSerializer(FORMATS.values(), many=True).data)


class ClipFileView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="clip_file",
        parameters=[
            OpenApiParameter("target", str, OpenApiParameter.PATH, enum=TARGETS),
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
            FileRequestSerializer,
        ],
        responses={
            **{(200, kind): OpenApiResponse(OpenApiTypes.BINARY, "The file.") for kind in CONTENT_TYPES},
            304: OpenApiResponse(description="The file is still what it was under that ETag."),
        },
    )
    def get(self, request: Request, key: str, target: str) -> HttpResponse:
        """Downloads a clip as a file within the limits of a messenger, or in a plain format."""
        clip = clip_to_share(key=key)
        form = FileRequestSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        background: Colour = form.validated_data["background"]
        try:
            wanted = find_format(target)
        except FormatError as error:
            raise NotFound(f"There is no such file: {error}.") from None
        if clip.state != ClipState.READY:
            raise serializers.ValidationError(f"This clip is {clip.state}: it can be downloaded once it is ready.")
        tag = file_tag(clip=clip, wanted=wanted, background=background)
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if tag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers=headers)
        try:
            file = shared_file(clip=clip, wanted=wanted, background=background)
        except BlobError as error:
            raise NotFound(f"The frames of this clip are lost: {error}.") from None
        except FormatError as error:
            raise serializers.ValidationError(f"{error}.") from None
        headers["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
        return HttpResponse(file.data, content_type=file.content_type, headers=headers)
