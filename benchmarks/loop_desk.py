"""The researcher's desk of the loop: management commands and look-ups, one JSON a line, in one process.

Each command is the one that `manage.py` runs; started by itself, each would load Django anew. Standard input has
{"do": "command", "words": ["release", "make", …]} or another of DOES with its arguments; the answer on standard output
is {"answer": …} or {"error": "a sentence"}.
"""

import json
import os
import sys
from collections.abc import Callable
from io import StringIO
from typing import Any

import django
from django.core.management import CommandError, call_command

Json = dict[str, Any]


def command(words: list[str]) -> str:
    """What it said."""
    said = StringIO()
    call_command(*words, stdout=said, stderr=said)
    return said.getvalue().strip()


def token(username: str) -> str:
    """The secret of a new API token of a researcher, who gets an account if there is none."""
    from annotator.accounts.models import Role, User  # noqa: PLC0415 - Django has to be set up first, here and below
    from annotator.accounts.people import create_person  # noqa: PLC0415
    from annotator.accounts.tokens import create_token  # noqa: PLC0415

    known = User.objects.filter(username=username).first()
    return create_token(user=known or create_person(username=username, role=Role.RESEARCHER), name="make loop")[1]


def sessions(usernames: list[str]) -> list[str]:
    """A signed-in browser's cookie for each annotator; who is not there yet gets an account."""
    from annotator.accounts.models import Role, User  # noqa: PLC0415
    from annotator.accounts.people import create_person  # noqa: PLC0415
    from benchmarks.annotation_rows import session_of  # noqa: PLC0415

    known = {user.username: user for user in User.objects.filter(username__in=usernames)}
    return [session_of(known.get(name) or create_person(username=name, role=Role.ANNOTATOR)) for name in usernames]


def batch(name: str) -> Json | None:
    from annotator.generation.models import Batch  # noqa: PLC0415

    found = Batch.objects.filter(name=name).first()
    return None if found is None else {"id": found.pk, "public_id": str(found.public_id)}


def clips(batch: int) -> list[Json]:
    """Of every candidate: its prompt, who made it, what was measured, and where it lies."""
    from annotator.generation.models import Candidate, ClipState  # noqa: PLC0415
    from annotator.media import media_url  # noqa: PLC0415

    shown = Candidate.objects.filter(task__batch=batch, clip__state=ClipState.READY, dropped=False)
    return [
        {
            "prompt": candidate.task.prompt.external_id, "caption": candidate.clip.caption,
            "sticker": candidate.clip.sticker, "checkpoint": candidate.clip.checkpoint.name,
            "sheet": media_url(candidate.clip.sheet), "master": candidate.clip.master,
            "animation": candidate.clip.animation, "metrics": candidate.clip.metrics,
            "sample_seconds": candidate.clip.timings["sample"],
        }
        for candidate in shown.select_related("task__prompt", "clip__checkpoint").order_by("id")
    ]  # fmt: skip


def release(name: str) -> Json | None:
    """Its counts, once it is frozen."""
    from annotator.releases.models import Release, ReleaseState  # noqa: PLC0415

    found = Release.objects.filter(name=name, state=ReleaseState.FROZEN).first()
    return None if found is None else {**found.counts, "sha256": found.sha256}


def parameters() -> dict[str, int]:
    from annotator.checkpoints.models import Checkpoint  # noqa: PLC0415

    return dict(Checkpoint.objects.values_list("name", "parameters"))


DOES: dict[str, Callable[..., Any]] = {
    "command": command, "token": token, "sessions": sessions, "batch": batch, "clips": clips, "release": release,
    "parameters": parameters,
}  # fmt: skip


def main() -> None:
    # What a command prints by itself goes to standard error: standard output is for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    django.setup()
    for line in sys.stdin:
        wanted = json.loads(line)
        try:
            told = {"answer": DOES[wanted.pop("do")](**wanted)}
        except CommandError as error:
            told = {"error": str(error)}
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
