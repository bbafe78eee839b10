"""Imports: prompts of a source become prompts of a set, all of them in one transaction, or none."""

from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction

from annotator.accounts.models import User
from annotator.media import store
from annotator.prompts.models import Import, ImportState, Prompt, PromptSet
from annotator.prompts.prompts import create_prompt_set
from annotator.prompts.reading import Choices

ROWS_AT_ONCE = 500
UNFINISHED = [ImportState.UPLOADED, ImportState.READING, ImportState.CHECKED]


class NotNowError(Exception):
    """The import is not in a state for this; the text says which it is in."""


def add_prompts(
    *, prompts: Sequence[Prompt], set_name: str, by: User, licence: str = "", description: str = ""
) -> PromptSet:
    """Stores prompts that are in no set yet. The set is made when it is new. Call it within a transaction."""
    prompt_set = PromptSet.objects.filter(name=set_name).first()
    if prompt_set is None:
        prompt_set = create_prompt_set(name=set_name, by=by, description=description, licence=licence)
    for prompt in prompts:
        prompt.prompt_set = prompt_set
    Prompt.objects.bulk_create(prompts, batch_size=ROWS_AT_ONCE)
    return prompt_set


def begin_import(*, file: Path, file_name: str, set_name: str, by: User, licence: str = "", choices: Choices) -> Import:
    """Takes a zip in; it is read in the background, and nothing is stored before `confirm_import`."""
    return Import.objects.create(
        file=store.put_file(file, "zip"),
        file_name=file_name,
        set_name=set_name,
        licence=licence,
        accept_photos=choices.accept_photos,
        heldout_share=choices.heldout_share,
        created_by=by,
    )


def confirm_import(*, import_id: int, good_rows_only: bool) -> Import:
    """Makes prompts of the good rows. Raises NotNowError, and ValidationError where there are bad rows and only good
    ones were not asked for, or the set has changed since the check in a way that does not go together."""
    with transaction.atomic():
        one = Import.objects.select_for_update().select_related("created_by").get(pk=import_id)
        if one.state != ImportState.CHECKED:
            raise NotNowError(f"This import is {one.state}: only a checked one can be confirmed.")
        if one.bad_rows and not good_rows_only:
            raise ValidationError(
                {"good_rows_only": [f"{one.bad_rows} rows are bad: say that only the good ones are wanted, or cancel."]}
            )
        rows = [
            Prompt(external_id=row.external_id, caption=row.caption, sticker=row.sticker, split=row.split)
            for row in one.checked_rows.order_by("id").iterator()
        ]
        one.prompt_set = add_prompts(
            prompts=since_then_new(rows, set_name=one.set_name),
            set_name=one.set_name,
            by=one.created_by,
            licence=one.licence,
        )
        one.state = ImportState.DONE
        one.save(update_fields=["state", "prompt_set"])
        one.checked_rows.all().delete()
    return one


def since_then_new(rows: list[Prompt], *, set_name: str) -> list[Prompt]:
    """Without those that came into the set after the check."""
    there = {prompt.external_id: prompt for prompt in Prompt.objects.filter(prompt_set__name=set_name).iterator()}
    for row in rows:
        other = there.get(row.external_id)
        if other is not None and (other.caption, other.sticker, other.split) != (row.caption, row.sticker, row.split):
            sentence = f"Since the check, the set got another prompt {row.external_id!r}: import the file again."
            raise ValidationError({"external_id": [sentence]})
    return [row for row in rows if row.external_id not in there]


def cancel_import(*, import_id: int) -> None:
    """Raises NotNowError where it has ended already."""
    with transaction.atomic():
        ended = Import.objects.filter(pk=import_id, state__in=UNFINISHED).update(state=ImportState.CANCELLED)
        if not ended:
            state = Import.objects.values_list("state", flat=True).get(pk=import_id)
            raise NotNowError(f"This import is {state} already.")
        Import.objects.get(pk=import_id).checked_rows.all().delete()
