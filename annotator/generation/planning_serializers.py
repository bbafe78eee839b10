from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.generation.choosing import MOST_WORDS, PromptFilter
from annotator.generation.estimates import Estimate, SourceEstimate
from annotator.generation.models import MOST_CANDIDATES
from annotator.generation.planning import SourceRequest
from annotator.generation.requests import SEED_BITS
from annotator.media import media_url
from annotator.prompts.models import Prompt, Split

MOST_SOURCES = MOST_CANDIDATES
LARGEST_SAMPLE = 10_000_000

Json = dict[str, Any]


class NewSourceSerializer(serializers.Serializer[Any]):
    checkpoint = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)
    settings = serializers.DictField(
        required=False, default=dict, help_text="Sampler settings that differ from the checkpoint's own."
    )
    clips_of = serializers.IntegerField(
        min_value=1,
        required=False,
        allow_null=True,
        default=None,
        help_text="In place of a checkpoint: the id of another batch's source, whose clips are taken as they are.",
    )
    clips_per_prompt = serializers.IntegerField()


class PromptFilterSerializer(serializers.Serializer[Any]):
    splits = serializers.ListField(
        child=serializers.ChoiceField(choices=Split.choices), min_length=1, required=False, default=[Split.HITL]
    )
    words = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=MOST_WORDS,
        required=False,
        default=list,
        help_text="Only prompts with one of these in their caption.",
    )
    unused_only = serializers.BooleanField(
        required=False, default=False, help_text="Only prompts that no batch has had, cancelled ones aside."
    )
    sample = serializers.IntegerField(
        min_value=1,
        max_value=LARGEST_SAMPLE,
        required=False,
        allow_null=True,
        default=None,
        help_text="So many of these prompts: always the same, and a larger sample has those of a smaller one.",
    )

    def chosen(self) -> PromptFilter:
        data = self.validated_data
        return PromptFilter(**{name: data[name] for name in ("splits", "words", "unused_only", "sample")})


class BatchPlanSerializer(PromptFilterSerializer):
    """What decides how much a batch would generate."""

    prompt_set = serializers.IntegerField(min_value=1)
    sources = serializers.ListField(child=NewSourceSerializer(), min_length=1, max_length=MOST_SOURCES)
    seed_base = serializers.IntegerField(
        min_value=0,
        max_value=2**SEED_BITS - 1,
        required=False,
        allow_null=True,
        default=None,
        help_text="An earlier batch's, to ask for its clips again; drawn anew by default.",
    )

    def plan(self) -> Json:
        """Arguments of estimates.estimate_batch and, with those of the batch itself, of batches.create_batch."""
        data = {
            name: value for name, value in self.validated_data.items() if name not in PromptFilterSerializer().fields
        }
        data["prompt_set_id"] = data.pop("prompt_set")
        data["chosen"] = self.chosen()
        data["sources"] = [
            SourceRequest(
                checkpoint_id=source["checkpoint"],
                clips_of=source["clips_of"],
                settings=source["settings"],
                clips_per_prompt=source["clips_per_prompt"],
            )
            for source in data["sources"]
        ]
        return data


class SourceEstimateSerializer(serializers.Serializer[SourceEstimate]):
    checkpoint = serializers.CharField()
    clips = serializers.IntegerField()
    already_there = serializers.IntegerField()
    seconds_a_clip = serializers.FloatField(
        allow_null=True, help_text="Of one worker; null where none was measured, or nothing is to be made."
    )
    same_settings = serializers.BooleanField(
        allow_null=True,
        help_text="False: measured with other settings of the checkpoint, and scaled by the number of steps.",
    )


class SampledPromptSerializer(serializers.Serializer[Prompt]):
    caption = serializers.CharField()
    sticker = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField)
    def get_sticker(self, prompt: Prompt) -> str:
        return media_url(prompt.sticker)


class EstimateSerializer(serializers.Serializer[Estimate]):
    tasks = serializers.IntegerField()
    clips = serializers.IntegerField()
    already_there = serializers.IntegerField()
    workers = serializers.IntegerField(help_text="Workers that run now.")
    worker_seconds = serializers.FloatField(
        allow_null=True,
        help_text="Of one worker, for all that is to be made; null where a checkpoint was not measured yet.",
    )
    seconds = serializers.FloatField(
        allow_null=True, help_text="With the workers that run now and nothing else to do; null also where none runs."
    )
    sources = SourceEstimateSerializer(many=True)
    prompts = SampledPromptSerializer(many=True, help_text="The first three.")
