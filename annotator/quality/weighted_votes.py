"""How likely each candidate is shareable, when people who are mostly right weigh more than people who are not.

The model is that of Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm",
J. R. Stat. Soc. C 28, 1979: each person has their own two error rates, which are estimated along with the answers. It
comes with crowd-kit (Ustalov, Pavlichenko and Tseitlin, J. Open Source Softw. 9, 2024), the extra `votes`.
"""

from collections.abc import Collection
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet

from annotator.annotation.models import Verdict
from annotator.quality.queries import counted_verdicts

ITERATIONS = 100
CLOSE_ENOUGH = 1e-5
# A page weighs what is on it by the latest verdicts of its batches, so that it comes at once however many there are.
LATEST_ON_A_PAGE = 6000
PAGE_ITERATIONS = 20
NOT_INSTALLED = (
    "Weighted votes need crowd-kit, which is not installed: "
    "pip install -c constraints.txt -e '.[votes]', then start the server anew."
)


class NotInstalledError(ImproperlyConfigured):
    """crowd-kit is not there."""


def is_installed() -> bool:
    return find_spec("crowdkit") is not None


def share_probabilities(*, batch: int | None = None, batches: Collection[int] | None = None) -> dict[int, float]:
    """By candidate id, 0…1, of those with a counted verdict: in one batch, in some, or in all.

    Each person's error rates are estimated over all that is asked for, so batches that the same people judged say more
    together. A million verdicts take about a minute. Raises NotInstalledError without crowd-kit."""
    verdicts = counted_verdicts(batch=batch)
    if batches is not None:
        verdicts = verdicts.filter(candidate__task__batch__in=batches)
    return weigh(said(verdicts), iterations=ITERATIONS)


def on_a_page(*, candidates: Collection[int], batches: Collection[int]) -> dict[int, float]:
    """Of these candidates of these batches; empty without crowd-kit. Two queries at most."""
    if not candidates or not is_installed():
        return {}
    latest = counted_verdicts().filter(candidate__task__batch__in=batches).order_by("-id")
    rows = {*said(latest[:LATEST_ON_A_PAGE]), *said(counted_verdicts().filter(candidate__in=candidates))}
    found = weigh(sorted(rows), iterations=PAGE_ITERATIONS)
    return {pk: found[pk] for pk in candidates if pk in found}


def said(verdicts: QuerySet[Verdict]) -> list[tuple[int, int, bool]]:
    """(candidate, person, shareable)"""
    return list(verdicts.values_list("candidate", "revision__annotation__assignment__user", "shareable"))


def weigh(rows: Collection[tuple[int, int, bool]], *, iterations: int) -> dict[int, float]:
    try:
        import pandas as pd  # noqa: PLC0415
        from crowdkit.aggregation import DawidSkene  # noqa: PLC0415
    except ImportError:
        raise NotInstalledError(NOT_INSTALLED) from None
    if not rows:
        return {}
    votes = pd.DataFrame(
        ((candidate, person, int(shareable)) for candidate, person, shareable in rows),
        columns=["task", "worker", "label"],
    )
    chances: Any = DawidSkene(n_iter=iterations, tol=CLOSE_ENOUGH).fit_predict_proba(votes)
    # Where all say the same, there is one column.
    shareable = chances[1] if 1 in chances.columns else chances[0] * 0
    return {int(pk): float(chance) for pk, chance in shareable.items()}
