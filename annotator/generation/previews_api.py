"""Clips for somebody who waits in front of a page: the playground, and the preview of a batch."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from annotator.accounts.access import IsResearcher, person
from annotator.generation.access import preview_to_see
from annotator.generation.previews import TooManyWaitingError, ask_preview, cancel_preview, look_at
from annotator.generation.previews_serializers import NewPreviewSerializer, PreviewSerializer, StickerSerializer
from annotator.generation.waits import see
from annotator.media import media_url
from annotator.polling import IF_NONE_MATCH, UNCHANGED, fresh
from annotator.prompts.images import StickerError
from annotator.prompts.prompts import store_sticker


class PreviewThrottle(UserRateThrottle):
    scope = "preview"
    rate = "60/min"


class WaitingConflict(APIException):
    status_code = 409


class NewStickerSerializer(serializers.Serializer[Any]):
    sticker = serializers.FileField(help_text="PNG, WebP or GIF, 16 to 4096 pixels a side, at most 8 MB, not animated.")


class StickersView(APIView):
    permission_classes = [IsResearcher]
    parser_classes = [MultiPartParser]
    throttle_classes = [PreviewThrottle]

    @extend_schema(operation_id="upload_sticker", request=NewStickerSerializer, responses={201: StickerSerializer})
    def post(self, request: Request) -> Response:
        """Takes a sticker for previews, without making a prompt of it. The same image has the same name."""
        form = NewStickerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            name = store_sticker(form.validated_data["sticker"].read())
        except StickerError as error:
            raise ValidationError({"sticker": [f"{error}."]}) from None
        return Response({"name": name, "url": media_url(name)}, status=201)


class PreviewsView(APIView):
    permission_classes = [IsResearcher]
    throttle_classes = [PreviewThrottle]

    @extend_schema(operation_id="ask_preview", request=NewPreviewSerializer, responses={201: PreviewSerializer})
    def post(self, request: Request) -> Response:
        """Asks for every scene by every source, before all batches. What was made before is there at once. A preview
        that nobody asks for in a minute is given up."""
        form = NewPreviewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            preview = ask_preview(by=person(request), **form.verb())
        except TooManyWaitingError as error:
            raise WaitingConflict(str(error)) from None
        return Response(PreviewSerializer(see(preview)).data, status=201)


class PreviewView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(
        operation_id="preview",
        parameters=[IF_NONE_MATCH],
        responses={200: PreviewSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """A preview of one's own: its clips, and how long they will take. Asking for it keeps it waiting."""
        preview = preview_to_see(public_id=public_id, by=person(request))
        look_at(preview)
        data = dict(PreviewSerializer(see(preview)).data)
        return fresh(request, data)


class CancelPreviewView(APIView):
    permission_classes = [IsResearcher]

    @extend_schema(operation_id="cancel_preview", request=None, responses=PreviewSerializer)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Ends a preview: its clips that nobody else waits for are stopped. Those that are there stay for a week."""
        cancel_preview(preview_to_see(public_id=public_id, by=person(request)).pk)
        return Response(PreviewSerializer(see(preview_to_see(public_id=public_id, by=person(request)))).data)
