from rest_framework import serializers

from annotator.checkpoints.models import Checkpoint


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    # DRF takes declared fields off the class, so its own `parent` stays what it is.
    parent = serializers.SlugRelatedField[Checkpoint](  # type: ignore[assignment]
        slug_field="name", read_only=True, allow_null=True
    )
    default_settings = serializers.DictField(help_text="Sampler settings, where a batch does not give its own.")

    class Meta:
        model = Checkpoint
        fields = ["id", "name", "role", "engine", "sha256", "parameters", "default_settings", "parent", "created_at"]


class CheckpointDetailSerializer(CheckpointSerializer):
    metrics = serializers.DictField(help_text="What was measured on it, as its own folder says.")

    class Meta(CheckpointSerializer.Meta):
        fields = [*CheckpointSerializer.Meta.fields, "uri", "metrics", "card"]
