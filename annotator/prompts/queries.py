from django.db.models import Count, QuerySet

from annotator.prompts.models import Import, Prompt, PromptSet


def prompt_sets() -> QuerySet[PromptSet]:
    """With who made them and `prompt_count`."""
    return PromptSet.objects.select_related("created_by").annotate(prompt_count=Count("prompts"))


def prompts_of(prompt_set: PromptSet) -> QuerySet[Prompt]:
    return Prompt.objects.filter(prompt_set=prompt_set)


def imports() -> QuerySet[Import]:
    return Import.objects.select_related("created_by")
