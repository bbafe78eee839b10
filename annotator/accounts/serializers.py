"""The shapes of people, sessions, invitations and tokens in the API."""

from typing import Any

from rest_framework import serializers

from annotator.accounts.invitations import LIFE_DAYS
from annotator.accounts.models import ApiToken, Invitation, Role, User

# Loose serializers hold plain data; `Any` is what they are made from.
Plain = serializers.Serializer[Any]


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "role", "is_active", "date_joined", "last_login"]
        read_only_fields = ["username", "date_joined", "last_login"]


class SignedInSerializer(Plain):
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)


class SessionSerializer(Plain):
    user = SignedInSerializer(allow_null=True)
    demo = serializers.BooleanField(help_text="Whether the three accounts of the demo are on offer.")
    csrf = serializers.CharField(help_text="To be sent back as X-CSRFToken with every write.")


class PasswordSerializer(Plain):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class DemoSerializer(Plain):
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    accepted_by = serializers.CharField(source="accepted_by.username", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Invitation
        fields = ["id", "role", "note", "created_by", "created_at", "expires_at", "accepted_by"]


class InviteSerializer(Plain):
    role = serializers.ChoiceField(choices=Role.choices)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    days = serializers.IntegerField(min_value=1, max_value=90, required=False, default=LIFE_DAYS)


class NewInvitationSerializer(InvitationSerializer):
    secret = serializers.CharField(read_only=True)
    link = serializers.CharField(read_only=True)

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "secret", "link"]


class AcceptSerializer(PasswordSerializer):
    secret = serializers.CharField(max_length=100)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "created_at", "last_used_at", "revoked_at"]
        read_only_fields = ["prefix", "created_at", "last_used_at", "revoked_at"]


class NewTokenSerializer(TokenSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown this once.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]
