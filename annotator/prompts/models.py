from django.conf import settings
from django.db import models

CAPTION_LENGTH = 300


class Split(models.TextChoices):
    """`hitl` prompts are judged to train; `heldout` ones only to measure."""

    HITL = "hitl"
    HELDOUT = "heldout"


class PromptSet(models.Model):
    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    licence = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="prompt_sets")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Prompt(models.Model):
    """A caption and a static sticker (`sticker` is a blob name: sha256 of its PNG, and `.png`)."""

    prompt_set = models.ForeignKey(PromptSet, models.CASCADE, related_name="prompts")
    external_id = models.CharField(max_length=100)
    caption = models.CharField(max_length=CAPTION_LENGTH)
    sticker = models.CharField(max_length=80)
    split = models.CharField(max_length=8, choices=Split, default=Split.HITL)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prompt_set", "external_id"], name="prompt_external_id_once_a_set"),
            models.CheckConstraint(condition=~models.Q(caption=""), name="prompt_has_caption"),
        ]
