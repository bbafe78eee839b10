import numpy as np
import pytest

from annotator.quality import resampling
from annotator.quality.intervals import of_rate, of_statistic, student_t, wilson
from annotator.quality.resampling import Resampled, resample

Prompts = list[tuple[int, int]]


def clustered(prompts: Prompts) -> Resampled[str]:
    """Of each prompt, how many verdicts, and how many of them shareable."""
    return resample(({"n": shown, "y": shareable}, 1) for shown, shareable in prompts)


def interval_of(prompts: Prompts) -> tuple[float, float, float]:
    sums = clustered(prompts)
    found = of_rate(
        shareable=sums.sum("y"), shown=sums.sum("n"), prompts=sums.prompts("n"), drawn=sums.ratios("y", "n")
    )
    return found.value, found.low, found.high


def width(prompts: Prompts) -> float:
    _, low, high = interval_of(prompts)
    return high - low


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.706205), (2, 4.302653), (3, 3.182446), (4, 2.776445), (10, 2.228139), (99, 1.984217)],
)
def test_students_quantile_is_that_of_the_tables(degrees: int, quantile: float) -> None:
    assert student_t(degrees) == pytest.approx(quantile, rel=2e-3)


def test_wilson_is_that_of_the_textbook() -> None:
    interval = wilson(rate=0.1, size=100, quantile=1.959964)
    assert (interval.low, interval.high) == (pytest.approx(0.05523, abs=1e-5), pytest.approx(0.17437, abs=1e-5))


def test_one_prompt_says_nothing_of_others() -> None:
    assert interval_of([(6, 3)]) == (0.5, 0.0, 1.0)
    alone = of_statistic(0.2, prompts=1, drawn=np.full(10, 0.2), least=-1, most=1)
    assert (alone.low, alone.high) == (-1, 1)


@pytest.mark.parametrize(("shareable", "rate"), [(0, 0.0), (3, 1.0)])
def test_all_alike_is_still_not_certain(shareable: int, rate: float) -> None:
    assert interval_of([(3, shareable)] * 20)[0] == rate
    assert 0.05 < width([(3, shareable)] * 20) < 0.25


def test_verdicts_that_agree_within_prompts_count_as_prompts() -> None:
    """Twelve people who agree on each prompt say hardly more than one who judges each."""
    once = width([(1, 1)] * 30 + [(1, 0)] * 30)
    often = width([(12, 12)] * 30 + [(12, 0)] * 30)
    assert often == pytest.approx(once, rel=1e-6)
    assert width([(12, 6)] * 30 + [(12, 5)] * 15 + [(12, 7)] * 15) < 0.4 * often


def test_prompts_of_one_shape_are_resampled_as_if_they_were_listed() -> None:
    """The standard error of 40 of 100 prompts is √(0.4 · 0.6/100)."""
    sums = resample([({"n": 1, "y": 1}, 40), ({"n": 1}, 60)])
    assert (sums.sum("y"), sums.prompts("n"), sums.prompts("y")) == (40, 100, 40)
    assert sums.ratios("y", "n").std() == pytest.approx((0.4 * 0.6 / 100) ** 0.5, rel=0.08)


def test_more_shapes_than_are_resampled_go_in_groups_and_vary_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    prompts = [(int(n), int(random.binomial(n, 0.3))) for n in random.integers(1, 400, 3000)]
    exact = clustered(prompts[:1999]).ratios("y", "n").std()
    monkeypatch.setattr(resampling, "MOST_SHAPES", 500)
    grouped = clustered(prompts[:1999])
    assert grouped.sum("n") == sum(shown for shown, _ in prompts[:1999])
    assert grouped.ratios("y", "n").std() == pytest.approx(exact, rel=0.12)


@pytest.mark.parametrize(("prompts", "true_rate"), [(12, 0.5), (40, 0.15), (40, 0.6), (150, 0.05)])
def test_the_interval_holds_the_truth_as_often_as_it_says(prompts: int, true_rate: float) -> None:
    """Prompts of unlike difficulty (Beta, intraclass correlation 1/3) with one to six verdicts each, 600 times."""
    random = np.random.default_rng(7)
    held = 0
    for _ in range(600):
        ease = random.beta(2 * true_rate, 2 * (1 - true_rate), prompts)
        shown = random.integers(1, 7, prompts)
        _, low, high = interval_of(list(zip(shown.tolist(), random.binomial(shown, ease).tolist(), strict=True)))
        held += low <= true_rate <= high
    assert 0.92 <= held / 600 <= 0.985
