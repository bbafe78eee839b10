"""The shapes of requests, which are checked here, and of answers, which are written here for the schema only."""

from typing import Any

from rest_framework import serializers

from annotator.annotation.enrolments import limit_of
from annotator.annotation.flags import Decision
from annotator.annotation.handouts import HandoutState
from annotator.annotation.leases import MOST_IN_HAND
from annotator.annotation.models import ActiveDay, Enrolment, Flag, FlagKind
from annotator.generation.models import MOST_CANDIDATES, Reason

LONGEST_MS = 2**31 - 1
LONGEST_ACTIVE_MS = 60 * 60 * 1000
COMMENT_LENGTH = 2000


class Wanted(serializers.Serializer[Any]):
    """How many tasks the browser wants in hand, and which it has."""

    want = serializers.IntegerField(
        min_value=0,
        default=MOST_IN_HAND - 1,
        help_text="0 while there are enough: then nothing is leased, and the answer costs the server half.",
    )
    holding = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=100)


class LeaseRequest(serializers.Serializer[Any]):
    count = serializers.IntegerField(min_value=0, default=MOST_IN_HAND - 1)
    holding = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=100)


class SlotReasonsShape(serializers.Serializer[Any]):
    slot = serializers.IntegerField(min_value=1)
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=Reason.choices))


class SubmissionRequest(Wanted):
    submission = serializers.UUIDField(help_text="The browser's own UUID: sent again, it is stored once.")
    revision = serializers.IntegerField(min_value=1, max_value=LONGEST_MS)
    shareable = serializers.ListField(child=serializers.IntegerField(), help_text="Slots, counted from 1.")
    none = serializers.BooleanField(help_text="True exactly when no slot is shareable.")
    elapsed_ms = serializers.IntegerField(min_value=0, max_value=LONGEST_MS)
    watched_ms = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LONGEST_MS), help_text="One time a slot, in slot order."
    )
    active_ms = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_ACTIVE_MS,
        default=0,
        help_text="Time between inputs since the submission before, on whatever was done.",
    )
    reasons = serializers.ListField(
        child=SlotReasonsShape(),
        default=list,
        max_length=MOST_CANDIDATES,
        help_text="Why slots are not shareable, where the batch offers reasons and the annotator says some.",
    )
    device = serializers.ChoiceField(["keyboard", "mouse", "touch"])
    comment = serializers.CharField(allow_blank=True, default="", max_length=COMMENT_LENGTH)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["none"] and attrs["shareable"]:
            slots = ", ".join(map(str, sorted(set(attrs["shareable"]))))
            message = f"none says that nothing is shareable, yet shareable names slot {slots}: send one or the other."
            raise serializers.ValidationError({"none": [message]})
        if not attrs["none"] and not attrs["shareable"]:
            raise serializers.ValidationError({"none": ["No slot is shareable: say so with none: true."]})
        return attrs


class SkipRequest(Wanted):
    reason = serializers.CharField(allow_blank=True, default="", max_length=40)


class FlagRequest(Wanted):
    kind = serializers.ChoiceField(FlagKind.choices)
    slot = serializers.IntegerField(min_value=1, allow_null=True, default=None, help_text="Null: the whole task.")
    comment = serializers.CharField(allow_blank=True, default="", max_length=500)


class SlotShape(serializers.Serializer[Any]):
    slot = serializers.IntegerField(min_value=1)
    sheet = serializers.CharField(help_text="All frames in one WebP grid.")
    animation = serializers.CharField(help_text="The animated WebP, with alpha.")
    frames = serializers.IntegerField()
    columns = serializers.IntegerField()
    cell = serializers.IntegerField(help_text="Side of a cell of the sheet, in pixels.")
    frame_rate = serializers.FloatField()


class AnswerShape(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    shareable = serializers.ListField(child=serializers.IntegerField())
    none = serializers.BooleanField()
    comment = serializers.CharField()
    reasons = SlotReasonsShape(many=True)
    submitted_at = serializers.DateTimeField()


class AssignmentShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    caption = serializers.CharField()
    sticker = serializers.CharField()
    slots = SlotShape(many=True)
    lease_until = serializers.DateTimeField()
    answer = AnswerShape(allow_null=True)


class ProgressShape(serializers.Serializer[Any]):
    judged = serializers.IntegerField()
    total = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True)


class HandoutShape(serializers.Serializer[Any]):
    assignments = AssignmentShape(many=True)
    progress = ProgressShape()
    state = serializers.ChoiceField(HandoutState.choices)
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=Reason.choices), help_text="Those that may be said of what is not picked."
    )
    server_time = serializers.DateTimeField()


class StandingShape(serializers.Serializer[Any]):
    state = serializers.ChoiceField(HandoutState.choices)


class StoredShape(HandoutShape):
    stored = serializers.BooleanField()
    counted = serializers.BooleanField(help_text="This very submission speaks for the person, and counts.")
    revision = serializers.IntegerField()


class PaceRequest(serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="When the person's day began, where they are.")


class DoneShape(serializers.Serializer[Any]):
    judged = serializers.IntegerField(help_text="Tasks.")
    elapsed_ms = serializers.IntegerField(help_text="Milliseconds of attention that they took, changes included.")


class PaceShape(serializers.Serializer[Any]):
    today = DoneShape(help_text="Since then, in all batches.")
    batch = DoneShape(help_text="In this batch, from the beginning.")


class RenewedShape(serializers.Serializer[Any]):
    lease_until = serializers.DateTimeField(allow_null=True, help_text="Null: this assignment is no longer leased.")


class ReturnedShape(serializers.Serializer[Any]):
    returned = serializers.IntegerField()


class BatchToAnnotateShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    instructions = serializers.CharField()
    paused = serializers.BooleanField()
    judged = serializers.IntegerField()
    remaining_for_me = serializers.IntegerField(allow_null=True)
    tasks_open = serializers.IntegerField(help_text="Waiting for somebody; 1000 where there are more.")


class BatchesToAnnotateShape(serializers.Serializer[Any]):
    results = BatchToAnnotateShape(many=True)


class FlagSerializer(serializers.ModelSerializer[Flag]):
    """A flag as researchers see it."""

    batch = serializers.IntegerField(source="assignment.task.batch_id")
    slot = serializers.IntegerField(allow_null=True)
    batch_name = serializers.CharField(source="assignment.task.batch.name")
    task = serializers.IntegerField(source="assignment.task_id")
    task_state = serializers.CharField(source="assignment.task.state")
    caption = serializers.CharField(source="assignment.task.prompt.caption")

    class Meta:
        model = Flag
        fields = [
            "id", "kind", "slot", "comment", "created_at", "resolved_at",
            "batch", "batch_name", "task", "task_state", "caption",
        ]  # fmt: skip


class PlaceSerializer(serializers.Serializer[Enrolment]):
    """A person's place in a batch as researchers see it."""

    person = serializers.IntegerField(source="user_id")
    username = serializers.CharField(source="user.username")
    judged = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True)
    may_judge = serializers.SerializerMethodField(help_text="Tasks in all, by the person's limit or the batch's share.")
    removed_at = serializers.DateTimeField(allow_null=True)

    def get_may_judge(self, place: Enrolment) -> int:
        limit = limit_of(batch=place.batch, enrolment=place)
        return place.batch.prompt_count if limit is None else limit


class LetInRequest(serializers.Serializer[Any]):
    usernames = serializers.ListField(child=serializers.CharField(max_length=150), min_length=1, max_length=200)
    limit = serializers.IntegerField(
        min_value=1, max_value=LONGEST_MS, allow_null=True, default=None, help_text="The most each may judge."
    )


class PlaceChangesRequest(serializers.Serializer[Any]):
    limit = serializers.IntegerField(
        min_value=1, max_value=LONGEST_MS, allow_null=True, required=False, help_text="Null: the batch's share."
    )
    removed = serializers.BooleanField(required=False)


class ActiveDaySerializer(serializers.Serializer[ActiveDay]):
    person = serializers.IntegerField(source="user_id")
    username = serializers.CharField(source="user.username")
    day = serializers.DateField()
    active_ms = serializers.IntegerField(help_text="Time between inputs less than a minute apart.")
    judged = serializers.IntegerField(help_text="Tasks annotated.")


class DaysRequest(serializers.Serializer[Any]):
    since = serializers.DateField(required=False, help_text="The first day, in UTC.")
    until = serializers.DateField(required=False, help_text="The last day.")
    person = serializers.IntegerField(min_value=1, required=False)


class DecisionRequest(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(Decision.choices)


class ResolvedShape(serializers.Serializer[Any]):
    resolved = serializers.IntegerField(help_text="Flags of the task that this settled; 0: somebody was first.")
