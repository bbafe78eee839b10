from django.db import models


class CheckpointRole(models.TextChoices):
    TEACHER = "teacher"
    STUDENT = "student"


class Engine(models.TextChoices):
    STICKER_DIFFUSION = "sticker_diffusion"
    DIFFUSERS = "diffusers"


class Checkpoint(models.Model):
    """A model that can animate: where its weights are, and what they are (`sha256` over the sorted files)."""

    name = models.CharField(max_length=100, unique=True)
    role = models.CharField(max_length=16, choices=CheckpointRole)
    engine = models.CharField(max_length=32, choices=Engine)
    uri = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=64, unique=True)
    parameters = models.PositiveBigIntegerField()
    default_settings = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    card = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
