from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.generation.models import Reason
from annotator.prompts.models import Split
from annotator.releases.models import ClipFiles, Export, Layout, Purpose, Release, ReleaseCheck, ReleaseState
from annotator.releases.queries import seconds_left
from annotator.releases.rule import Rule

Plain = serializers.Serializer[Any]


class RuleSerializer(Plain):
    batches = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        default=list,
        help_text="Empty: all of them.",
    )
    splits = serializers.ListField(
        child=serializers.ChoiceField(choices=Split.choices), required=False, default=lambda: [Split.HITL.value]
    )
    least_shares = serializers.IntegerField(
        min_value=1, max_value=1000, required=False, default=1, help_text="A clip is shareable with so many shares."
    )
    least_annotations = serializers.IntegerField(
        min_value=1, max_value=1000, required=False, default=1, help_text="Tasks with fewer are left out."
    )
    least_probability = serializers.FloatField(
        min_value=0,
        max_value=1,
        required=False,
        allow_null=True,
        default=None,
        help_text="Instead of shares: votes weighed by how often people are right (the extra `votes`); so likely "
        "shareable.",
    )
    reasons_excluded = serializers.ListField(
        child=serializers.ChoiceField(choices=Reason.choices),
        required=False,
        default=list,
        help_text="Clips that somebody passed over for one of these are left out.",
    )

    def rule(self) -> Rule:
        return Rule.of(dict(self.validated_data))


class PreviewRequestSerializer(RuleSerializer):
    purpose = serializers.ChoiceField(choices=Purpose.choices, required=False, default=Purpose.TRAINING)

    def rule(self) -> Rule:
        return Rule.of({key: value for key, value in self.validated_data.items() if key != "purpose"})


class CheckpointCountShape(Plain):
    name = serializers.CharField()
    clips = serializers.IntegerField()
    shareable = serializers.IntegerField()


class CountsShape(Plain):
    tasks = serializers.IntegerField()
    prompts = serializers.IntegerField()
    annotations = serializers.IntegerField(help_text="Annotations that count.")
    people = serializers.IntegerField()
    verdicts = serializers.IntegerField()
    clips = serializers.IntegerField(help_text="Clips with a label.")
    shareable = serializers.IntegerField(help_text="Of these, shareable by the rule.")
    checkpoints = CheckpointCountShape(many=True)


class LeftOutShape(Plain):
    tasks_with_too_few = serializers.IntegerField()
    clips_for_reasons = serializers.IntegerField()
    annotations_set_aside = serializers.IntegerField()


class PreviewShape(CountsShape):
    left_out = LeftOutShape()


class NewReleaseSerializer(Plain):
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(required=False, allow_blank=True, default="")
    licence = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    purpose = serializers.ChoiceField(choices=Purpose.choices, required=False, default=Purpose.TRAINING)
    rule = RuleSerializer()


class WithdrawSerializer(Plain):
    reason = serializers.CharField(max_length=500)


class ReleaseCheckSerializer(serializers.ModelSerializer[ReleaseCheck]):
    asked_by = serializers.CharField(source="asked_by.username", read_only=True)
    problems = serializers.ListField(
        child=serializers.CharField(), help_text="What is not as it was frozen, a sentence each; 100 at most."
    )

    tasks_checked = serializers.IntegerField()

    class Meta:
        model = ReleaseCheck
        fields = ["state", "tasks_checked", "problems", "asked_by", "asked_at", "ended_at"]


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    state = serializers.ChoiceField(choices=ReleaseState.choices)
    rule = RuleSerializer(read_only=True)
    counts = serializers.SerializerMethodField()
    sha256 = serializers.CharField(help_text="Over the manifest; empty until it is frozen.")
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    withdrawn_by = serializers.CharField(source="withdrawn_by.username", read_only=True, default=None)
    check = serializers.SerializerMethodField(help_text="The newest one.")

    tasks_read = serializers.IntegerField()
    tasks_to_read = serializers.IntegerField(allow_null=True)

    class Meta:
        model = Release
        fields = [
            "public_id",
            "name",
            "description",
            "licence",
            "purpose",
            "rule",
            "state",
            "tasks_read",
            "tasks_to_read",
            "error",
            "counts",
            "sha256",
            "created_by",
            "created_at",
            "frozen_at",
            "withdrawn_at",
            "withdrawn_by",
            "withdrawal",
            "check",
        ]

    @extend_schema_field(CountsShape(allow_null=True))
    def get_counts(self, release: Release) -> dict[str, Any] | None:
        return release.counts or None

    @extend_schema_field(ReleaseCheckSerializer(allow_null=True))
    def get_check(self, release: Release) -> dict[str, Any] | None:
        checks = getattr(release, "newest_checks", [])
        return ReleaseCheckSerializer(checks[0]).data if checks else None


class ChangedLabelShape(Plain):
    prompt_set = serializers.CharField()
    prompt = serializers.CharField()
    caption = serializers.CharField()
    clip = serializers.CharField()
    shareable_here = serializers.BooleanField()
    shareable_there = serializers.BooleanField()


class ComparisonShape(Plain):
    tasks_in_both = serializers.IntegerField()
    tasks_only_here = serializers.IntegerField()
    tasks_only_there = serializers.IntegerField()
    clips_in_both = serializers.IntegerField()
    labels_changed = serializers.IntegerField()
    annotations_only_here = serializers.IntegerField(help_text="Of tasks that both have.")
    annotations_only_there = serializers.IntegerField()
    changes = ChangedLabelShape(many=True, help_text="The first 50 labels that changed.")


class NewExportSerializer(Plain):
    release = serializers.SlugRelatedField(
        slug_field="public_id",
        queryset=Release.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Null: what the rule selects now.",
    )
    rule = RuleSerializer(required=False, help_text="Where there is no release; all splits and batches if left out.")
    with_surplus = serializers.BooleanField(
        required=False, default=False, help_text="Also annotations that came when no slot was left; marked."
    )
    layout = serializers.ChoiceField(choices=Layout.choices)
    clips = serializers.ChoiceField(choices=ClipFiles.choices, required=False, default=ClipFiles.NONE)
    only_shareable = serializers.BooleanField(
        required=False, default=False, help_text="Of unpaired, folder and webdataset: only clips that are shareable."
    )

    def asked(self) -> dict[str, Any]:
        data = dict(self.validated_data)
        given = data.pop("rule", None) or {"splits": list(Split.values)}
        rule = Rule.of({**given, "with_surplus": data.pop("with_surplus")})
        return {**data, "rule": rule, "layout": Layout(data["layout"]), "clips": ClipFiles(data["clips"])}


class ExportFilterSerializer(Plain):
    release = serializers.UUIDField(required=False, help_text="Only those of this release.")


class ExportSerializer(serializers.ModelSerializer[Export]):
    release = serializers.UUIDField(source="release.public_id", read_only=True, default=None)
    release_name = serializers.CharField(source="release.name", read_only=True, default=None)
    rule = RuleSerializer(read_only=True)
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    seconds_left = serializers.SerializerMethodField(help_text="At the pace so far, while it is written.")
    sha256 = serializers.SerializerMethodField(help_text="Of the zip; empty until it is ready.")
    file_name = serializers.SerializerMethodField()

    tasks_done = serializers.IntegerField()
    tasks_to_do = serializers.IntegerField(allow_null=True)
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()

    class Meta:
        model = Export
        fields = [
            "public_id",
            "release",
            "release_name",
            "rule",
            "layout",
            "clips",
            "only_shareable",
            "state",
            "tasks_done",
            "tasks_to_do",
            "seconds_left",
            "rows",
            "error",
            "sha256",
            "bytes",
            "file_name",
            "created_by",
            "created_at",
            "ended_at",
        ]

    def get_seconds_left(self, export: Export) -> float | None:
        return seconds_left(export)

    def get_sha256(self, export: Export) -> str:
        return export.file[:64]

    def get_file_name(self, export: Export) -> str:
        return file_name(export)


def file_name(export: Export) -> str:
    """Of the download: what it holds, and when it was asked for."""
    of = export.release.name if export.release else "labels"
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in of)
    return f"stickerloop-{safe}-{export.layout}-{export.created_at:%Y%m%d-%H%M%S}.zip"
