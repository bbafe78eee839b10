from random import Random

import pytest

from annotator.quality.intervals import ClusteredRate, student_t, wilson


def clustered(*prompts: tuple[int, int]) -> ClusteredRate:
    rate = ClusteredRate()
    for shown, shareable in prompts:
        rate.add(shown=shown, shareable=shareable)
    return rate


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.706205), (2, 4.302653), (3, 3.182446), (4, 2.776445), (10, 2.228139), (99, 1.984217)],
)
def test_students_quantile_is_that_of_the_tables(degrees: int, quantile: float) -> None:
    assert student_t(degrees) == pytest.approx(quantile, rel=2e-3)


def test_wilson_is_that_of_the_textbook() -> None:
    interval = wilson(rate=0.1, size=100, quantile=1.959964)
    assert (interval.low, interval.high) == (pytest.approx(0.05523, abs=1e-5), pytest.approx(0.17437, abs=1e-5))


def test_no_verdict_no_rate_and_one_prompt_says_nothing_of_others() -> None:
    assert clustered().interval() is None
    interval = clustered((6, 3)).interval()
    assert interval is not None
    assert (interval.rate, interval.low, interval.high) == (0.5, 0.0, 1.0)


@pytest.mark.parametrize(("shareable", "rate"), [(0, 0.0), (3, 1.0)])
def test_all_alike_is_still_not_certain(shareable: int, rate: float) -> None:
    interval = clustered(*[(3, shareable)] * 20).interval()
    assert interval is not None
    assert interval.rate == rate
    assert 0.05 < interval.high - interval.low < 0.25


def test_verdicts_that_agree_within_prompts_count_as_prompts() -> None:
    """Twelve people who agree on each prompt say hardly more than one who judges each."""
    once = clustered(*[(1, 1)] * 30, *[(1, 0)] * 30).interval()
    often = clustered(*[(12, 12)] * 30, *[(12, 0)] * 30).interval()
    spread = clustered(*[(12, 6)] * 30, *[(12, 5)] * 15, *[(12, 7)] * 15).interval()
    assert once is not None
    assert often is not None
    assert spread is not None
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=1e-6)
    assert spread.high - spread.low < 0.4 * (often.high - often.low)


@pytest.mark.parametrize(("prompts", "true_rate"), [(12, 0.5), (40, 0.15), (40, 0.6), (150, 0.05)])
def test_the_interval_holds_the_truth_as_often_as_it_says(prompts: int, true_rate: float) -> None:
    """Prompts of unlike difficulty (Beta, intraclass correlation 1/3) with one to six verdicts each, 600 times."""
    random = Random(7)
    held = 0
    for _ in range(600):
        rate = ClusteredRate()
        for _ in range(prompts):
            ease = random.betavariate(2 * true_rate, 2 * (1 - true_rate))
            shown = random.randint(1, 6)
            rate.add(shown=shown, shareable=sum(random.random() < ease for _ in range(shown)))
        interval = rate.interval()
        assert interval is not None
        held += interval.low <= true_rate <= interval.high
    assert 0.92 <= held / 600 <= 0.985
