from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.generation.clip_serializers import SheetMediaSerializer
from annotator.generation.models import Clip, ClipState
from annotator.generation.planning import SourceRequest
from annotator.generation.previews import Scene
from annotator.generation.requests import SEED_BITS
from annotator.generation.waits import Seen, Wait
from annotator.media import media_url

MOST_SCENES = 3
MOST_MODELS = 4

Json = dict[str, Any]


class StickerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="What previews call it by.")
    url = serializers.CharField()


class SceneSerializer(serializers.Serializer[Any]):
    caption = serializers.CharField()
    sticker = serializers.CharField(help_text="Its name, from `stickers/` or the end of a prompt's sticker address.")


class PreviewSourceSerializer(serializers.Serializer[Any]):
    checkpoint = serializers.IntegerField(min_value=1)
    settings = serializers.DictField(
        required=False, default=dict, help_text="Sampler settings that differ from the checkpoint's own."
    )


class NewPreviewSerializer(serializers.Serializer[Any]):
    scenes = serializers.ListField(child=SceneSerializer(), min_length=1, max_length=MOST_SCENES)
    sources = serializers.ListField(child=PreviewSourceSerializer(), min_length=1, max_length=MOST_MODELS)
    seed = serializers.IntegerField(min_value=0, max_value=2**SEED_BITS - 1)

    def verb(self) -> Json:
        """Arguments of previews.ask_preview."""
        data = self.validated_data
        return {
            "scenes": [Scene(caption=scene["caption"], sticker=scene["sticker"]) for scene in data["scenes"]],
            "sources": [
                SourceRequest(checkpoint_id=source["checkpoint"], settings=source["settings"], clips_per_prompt=1)
                for source in data["sources"]
            ],
            "seed": data["seed"],
        }


class WaitSerializer(serializers.Serializer[Wait]):
    ahead = serializers.IntegerField(help_text="Clips that are begun before it; 0 once a worker has it.")
    seconds = serializers.SerializerMethodField()

    @extend_schema_field(serializers.IntegerField(allow_null=True, help_text="Null where nothing was measured yet."))
    def get_seconds(self, wait: Wait) -> int | None:
        return None if wait.seconds is None else max(1, round(wait.seconds))


class PreviewClipSerializer(serializers.Serializer[Clip]):
    key = serializers.CharField()
    caption = serializers.CharField()
    sticker = serializers.SerializerMethodField()
    checkpoint = serializers.IntegerField(source="checkpoint_id")
    checkpoint_name = serializers.CharField(source="checkpoint.name")
    settings = serializers.DictField()
    seed = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ClipState.choices)
    error = serializers.CharField()
    animation = serializers.SerializerMethodField()
    sheet = serializers.SerializerMethodField()
    media = serializers.SerializerMethodField()
    wait = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField)
    def get_sticker(self, clip: Clip) -> str:
        return media_url(clip.sticker)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_animation(self, clip: Clip) -> str | None:
        return media_url(clip.animation) if clip.animation else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_sheet(self, clip: Clip) -> str | None:
        return media_url(clip.sheet) if clip.sheet else None

    @extend_schema_field(SheetMediaSerializer(allow_null=True))
    def get_media(self, clip: Clip) -> Json | None:
        return dict(SheetMediaSerializer(clip.media).data) if clip.media else None

    @extend_schema_field(WaitSerializer(allow_null=True))
    def get_wait(self, clip: Clip) -> Json | None:
        wait = self.context["waits"].get(clip.pk)
        return dict(WaitSerializer(wait).data) if wait else None


class PreviewSerializer(serializers.Serializer[Seen]):
    id = serializers.UUIDField(source="preview.public_id")
    asked_at = serializers.DateTimeField(source="preview.asked_at")
    ended = serializers.SerializerMethodField(
        help_text="Cancelled, or not looked at for a minute: clips that were not there are gone. Ask again for them."
    )
    workers = serializers.IntegerField(help_text="Workers that run now; without any, nothing will come.")
    clips = serializers.SerializerMethodField()

    @extend_schema_field(serializers.BooleanField)
    def get_ended(self, seen: Seen) -> bool:
        return seen.preview.ended_at is not None

    @extend_schema_field(PreviewClipSerializer(many=True))
    def get_clips(self, seen: Seen) -> list[Json]:
        context = {"waits": seen.waits}
        return [dict(PreviewClipSerializer(clip, context=context).data) for clip in seen.clips]
