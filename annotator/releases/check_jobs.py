"""Checks of releases that a page asked for, one after the other, in the process of `manage.py work`."""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.jobs import MOST_ATTEMPTS, GivenUpError, claim
from annotator.releases.checking import check_release
from annotator.releases.models import CheckState, Release, ReleaseCheck, ReleaseState
from annotator.releases.releases import ReleaseStateError


def ask_check(release: Release, *, by: User) -> ReleaseCheck:
    """Queues a check, or gives the one that is under way. Raises ReleaseStateError for what is not frozen."""
    if release.state != ReleaseState.FROZEN:
        raise ReleaseStateError(f"{release.name} is {release.state}: only a frozen release can be checked.")
    try:
        with transaction.atomic():
            return ReleaseCheck.objects.create(release=release, asked_by=by)
    except IntegrityError:
        return release.checks.exclude(state=CheckState.DONE).get()


def do_next_check(stopping: Callable[[], bool] = lambda: False) -> bool:
    """Does the oldest check that waits, or whose process fell silent. False where there is none."""
    hold = claim(
        ReleaseCheck, waiting=CheckState.QUEUED, working=CheckState.CHECKING, stopping=stopping, tasks_checked=0
    )
    if hold is None:
        return False
    try:
        if hold.attempt > MOST_ATTEMPTS:
            found = [f"Checking it was begun {MOST_ATTEMPTS} times and never ended."]
        else:
            found = check_release(hold.row.release, progress=lambda tasks: hold.tell(tasks_checked=tasks))
        hold.end(CheckState.DONE, problems=found, ended_at=timezone.now())
    except GivenUpError:
        hold.let_go()
    return True
