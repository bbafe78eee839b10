from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.accounts.models import User
from annotator.checkpoints.models import CheckpointRole
from annotator.quality.agreement import Stretch
from annotator.quality.annotators import Pattern

Plain = serializers.Serializer[Any]
LARGEST_KEY = 2**63 - 1


class BatchFilterSerializer(Plain):
    batch = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_KEY, help_text="Only the labels of this batch."
    )


class RateShape(Plain):
    prompts = serializers.IntegerField(help_text="Prompts with at least one counted verdict.")
    shown = serializers.IntegerField(help_text="Counted verdicts.")
    shareable = serializers.IntegerField()
    rate = serializers.FloatField(help_text="shareable / shown")
    low = serializers.FloatField()
    high = serializers.FloatField()


class ShareRateSerializer(RateShape):
    checkpoint = serializers.IntegerField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=CheckpointRole.choices)


class SummarySerializer(Plain):
    annotations = serializers.IntegerField(help_text="Annotations that count.")
    verdicts = serializers.IntegerField()
    shareable = serializers.IntegerField()
    prompts = serializers.IntegerField()
    annotators = serializers.IntegerField()
    share_rates = ShareRateSerializer(many=True)
    interval = serializers.CharField(help_text="How `low` and `high` were computed, everywhere.")
    behind = serializers.IntegerField(help_text="Tasks whose latest annotations are not in yet; they soon are.")


class DifferenceShape(Plain):
    checkpoint = serializers.IntegerField()
    name = serializers.CharField()
    other = serializers.IntegerField()
    other_name = serializers.CharField()
    prompts = serializers.IntegerField(help_text="Prompts that both were judged on; only these are compared.")
    difference = serializers.FloatField(help_text="Share rate of the first minus that of the other, -1…1.")
    low = serializers.FloatField()
    high = serializers.FloatField()


class StrengthShape(Plain):
    checkpoint = serializers.IntegerField()
    name = serializers.CharField()
    group = serializers.IntegerField(help_text="Strengths compare within a group: others never met in a task.")
    chosen = serializers.IntegerField(help_text="How often one of its clips was chosen and another's passed over.")
    passed_over = serializers.IntegerField()
    strength = serializers.FloatField(help_text="Bradley-Terry, in log-odds of being chosen; the mean is 0.")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class RateOfCheckpointShape(RateShape):
    checkpoint = serializers.IntegerField()


class VerbShape(Plain):
    verb = serializers.CharField(allow_blank=True, help_text="As captions ask for it; empty: no rule found one.")
    prompts = serializers.IntegerField()
    share_rates = RateOfCheckpointShape(many=True)


class SlotEffectShape(Plain):
    slot = serializers.IntegerField(help_text="From 1, as shown.")
    shown = serializers.IntegerField()
    rate = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    beyond_others = serializers.FloatField(help_text="Its rate minus that of the other slots of the same tasks.")
    beyond_low = serializers.FloatField()
    beyond_high = serializers.FloatField()


class TeacherShape(Plain):
    checkpoint = serializers.IntegerField()
    name = serializers.CharField()
    prompts = serializers.IntegerField(help_text="Prompts that it was judged on.")
    made_shareable = serializers.IntegerField(help_text="Of these, with a clip of it that half or more would share.")
    only_it = serializers.IntegerField(help_text="Of these, where no other teacher made one.")
    of_prompts = serializers.IntegerField(help_text="Prompts that any teacher made shareable.")
    clips = serializers.IntegerField(help_text="Its clips that half or more would share.")
    of_clips = serializers.IntegerField(help_text="Those of all teachers.")
    loss = serializers.FloatField(allow_null=True, help_text="only_it / of_prompts: what dropping it would lose.")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class AgreementShape(Plain):
    alpha = serializers.FloatField(help_text="Krippendorff's alpha: 1 is agreement, 0 is chance.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    prompts = serializers.IntegerField(help_text="Prompts with a clip that two or more judged.")
    verdicts = serializers.IntegerField()


class LabelsAnswerShape(SummarySerializer):
    batch = serializers.IntegerField(allow_null=True)
    differences = DifferenceShape(many=True)
    strengths = StrengthShape(many=True)
    verbs = VerbShape(many=True)
    slots = SlotEffectShape(many=True)
    teachers = TeacherShape(many=True)
    agreement = AgreementShape(allow_null=True)


class BatchAgreementShape(AgreementShape):
    batch = serializers.IntegerField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class AgreementOfBatchesShape(Plain):
    batches = BatchAgreementShape(many=True)


class AgreementOverTimeRequest(BatchFilterSerializer):
    every = serializers.ChoiceField(choices=Stretch.choices, default=Stretch.WEEK, help_text=Stretch.__doc__)


class StretchAgreementShape(AgreementShape):
    starts_at = serializers.DateTimeField()


class AgreementOverTimeShape(Plain):
    every = serializers.ChoiceField(choices=Stretch.choices)
    stretches = StretchAgreementShape(many=True, help_text="Those in which tasks were done, oldest first.")


class WithOthersShape(Plain):
    verdicts = serializers.IntegerField(help_text="On clips that others judged as well.")
    same = serializers.FloatField(help_text="How often another said the same, 0…1.")
    beyond_chance = serializers.FloatField(help_text="Cohen's kappa: 1 is always the same, 0 as often as by chance.")
    low = serializers.FloatField()
    high = serializers.FloatField()


class ComparedShape(Plain):
    tasks = serializers.IntegerField()
    verdicts = serializers.IntegerField()
    rate = serializers.FloatField(help_text="The share of the verdicts that are as they should be, 0…1.")
    low = serializers.FloatField()
    high = serializers.FloatField()


class SetAsideShape(Plain):
    reason = serializers.CharField()
    set_at = serializers.DateTimeField()
    set_by = serializers.CharField(source="set_by.username")


class FiguresShape(Plain):
    tasks = serializers.IntegerField(help_text="How many of their last tasks these figures are of.")
    pace_ms = serializers.FloatField(allow_null=True, help_text="Their median time of a task.")
    usual_pace_ms = serializers.FloatField(allow_null=True, help_text="Everybody's, lately.")
    share_rate = RateShape(allow_null=True)
    agreement = WithOthersShape(allow_null=True)
    gold = ComparedShape(allow_null=True, help_text="In tasks whose answer is known: right about the clip.")
    repeats = ComparedShape(allow_null=True, help_text="In tasks given to them twice: the same as the first time.")
    slots = SlotEffectShape(many=True)
    raised = serializers.ListField(child=serializers.ChoiceField(Pattern.choices), help_text=Pattern.__doc__)


class AnnotatorShape(serializers.Serializer[User]):
    person = serializers.IntegerField(source="pk")
    username = serializers.CharField()
    judged = serializers.IntegerField(help_text="Tasks in all.")
    set_aside = serializers.SerializerMethodField()
    figures = serializers.SerializerMethodField()

    @extend_schema_field(SetAsideShape(allow_null=True))
    def get_set_aside(self, person: Any) -> Any:
        return SetAsideShape(person.aside[0]).data if person.aside else None

    @extend_schema_field(FiguresShape)
    def get_figures(self, person: User) -> Any:
        return FiguresShape(self.context["figures"][person.pk]).data


class SetAsideRequest(Plain):
    reason = serializers.CharField(max_length=500)
