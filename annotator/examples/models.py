from django.conf import settings
from django.db import models
from django.db.models import Q

from annotator.generation.models import Batch, Clip

LONGEST_NOTE = 200


class Example(models.Model):
    """A clip that shows the annotators of a batch what they would share, or would not, and why.

    `practice`: not shown with the instructions, but asked about before a person's first task. Answers to practice
    are not stored, so they can count nowhere.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="examples")
    clip = models.ForeignKey(Clip, models.PROTECT, related_name="examples")
    good = models.BooleanField()
    note = models.CharField(max_length=LONGEST_NOTE)
    practice = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="examples")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "clip"], name="example_once_a_batch"),
            models.CheckConstraint(condition=~Q(note=""), name="example_says_why"),
        ]
