"""What each verb means, as a sentence begins with the actor's name."""

from annotator.audit.models import Entry

VERBS: dict[str, str] = {
    "batch.created": "queued the batch",
    "batch.changed": "changed the batch",
    "batch.extended": "added prompts to the batch",
    "batch.cancelled": "cancelled the batch",
    "batch.closed": "closed the batch",
    "batch.people": "changed who may annotate the batch",
    "person.created": "made an account for",
    "person.joined": "joined, by invitation, as",
    "person.changed": "changed the account of",
    "invitation.made": "invited",
    "invitation.withdrawn": "withdrew the invitation of",
    "token.made": "made the API token",
    "token.revoked": "revoked the API token",
    "prompt.withdrawn": "withdrew the prompt",
    "flag.resolved": "settled the flags of a task of",
    "checkpoint.registered": "registered the checkpoint",
    "checkpoint.promoted": "promoted the checkpoint",
    "promotion.revoked": "revoked the promotion of",
    "set_aside.made": "set aside the labels of",
    "set_aside.taken_back": "counts again the labels of",
    "gold.made": "made a gold task for the batch",
    "gold.removed": "removed a gold task of the batch",
    "task.adjudicated": "decided on a task of",
    "release.asked": "asked for the release",
    "release.frozen": "froze the release",
    "release.given_up": "gave up the release",
    "release.withdrawn": "withdrew the release",
    "export.asked": "exported",
    "training.asked": "queued the training run",
    "training.cancelled": "cancelled the training run",
    "training.resumed": "resumed the training run",
}


def who(entry: Entry) -> str:
    return entry.actor.get_username() if entry.actor else "Stickerloop"


def sentence(entry: Entry) -> str:
    return f"{who(entry)} {VERBS.get(entry.verb, entry.verb)} {entry.subject_name}".rstrip()
