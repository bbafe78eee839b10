from collections.abc import Iterator

from django.db.models import Count, QuerySet

from annotator.prompts.models import CheckedRow, Import, ImportState, Prompt, PromptSet


def prompt_sets() -> QuerySet[PromptSet]:
    """With who made them and `prompt_count`."""
    return PromptSet.objects.select_related("created_by").annotate(prompt_count=Count("prompts"))


def prompts_of(prompt_set: PromptSet) -> QuerySet[Prompt]:
    return Prompt.objects.filter(prompt_set=prompt_set)


def imports() -> QuerySet[Import]:
    return Import.objects.select_related("created_by")


def blobs() -> Iterator[str]:
    """Stickers, and zips that are still to be read."""
    yield from Prompt.objects.values_list("sticker", flat=True).iterator()
    yield from CheckedRow.objects.values_list("sticker", flat=True).iterator()
    unread = Import.objects.filter(state__in=[ImportState.UPLOADED, ImportState.READING])
    yield from unread.values_list("file", flat=True).iterator()
