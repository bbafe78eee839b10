"""Who is beaten: somebody else is not slower, and surely shared more."""

from itertools import permutations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.quality.frontier import SAME_SPEED, beaten_by, faster

# Share rates and seconds of up to seven sources, and how wide the intervals of their differences are.
rates = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0.01, 100), st.floats(0, 0.4)), min_size=1, max_size=7
)  # fmt: skip
# How long examples take says something of the machine only.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
Sources = list[tuple[float, float, float]]


def lows(sources: Sources, *, wider: float = 0.0) -> dict[tuple[int, int], float]:
    return {
        (a, b): sources[a][0] - sources[b][0] - sources[a][2] - sources[b][2] - wider
        for a, b in permutations(range(len(sources)), 2)
    }


def seconds(sources: Sources) -> dict[int, float]:
    return {place: each[1] for place, each in enumerate(sources)}


def test_a_faster_and_better_one_beats() -> None:
    # 0 is slow and good, 1 fast and poor, 2 as slow as 0 and poor, 3 as fast as 1 and a little better, not surely.
    low = {(0, 1): 0.1, (0, 2): 0.1, (0, 3): 0.1, (3, 1): -0.02, (3, 2): 0.01, (1, 2): -0.1}
    assert beaten_by(seconds={0: 4.0, 1: 1.0, 2: 4.0, 3: 1.0}, low=low) == {0: [], 1: [], 2: [0, 3], 3: []}


def test_medians_within_the_spread_of_runs_are_one_speed() -> None:
    assert beaten_by(seconds={0: 1.04, 1: 1.0}, low={(0, 1): 0.1}) == {0: [], 1: [0]}
    assert beaten_by(seconds={0: 1.06, 1: 1.0}, low={(0, 1): 0.1}) == {0: [], 1: []}
    assert (faster(1.0, 1.04), faster(1.0, 1.06)) == (False, True)


@unhurried
@given(rates)
def test_the_best_is_never_beaten_so_the_frontier_is_never_empty(sources: Sources) -> None:
    found = beaten_by(seconds=seconds(sources), low=lows(sources))
    best = max(range(len(sources)), key=lambda place: sources[place][0])
    assert found[best] == []


@unhurried
@given(rates)
def test_whoever_beats_is_shared_more_and_not_slower(sources: Sources) -> None:
    for loser, winners in beaten_by(seconds=seconds(sources), low=lows(sources)).items():
        for winner in winners:
            assert sources[winner][0] > sources[loser][0]
            assert sources[winner][1] <= sources[loser][1] * SAME_SPEED


@unhurried
@given(rates, st.floats(0, 1))
def test_the_less_is_known_the_fewer_are_beaten(sources: Sources, wider: float) -> None:
    known = beaten_by(seconds=seconds(sources), low=lows(sources))
    less = beaten_by(seconds=seconds(sources), low=lows(sources, wider=wider))
    assert all(set(less[place]) <= set(known[place]) for place in known)
    assert not any(beaten_by(seconds=seconds(sources), low={}).values()), "what was never compared beats nothing"


@unhurried
@given(rates)
def test_another_source_takes_nobody_back_onto_the_frontier(sources: Sources) -> None:
    every = beaten_by(seconds=seconds(sources), low=lows(sources))
    fewer = beaten_by(seconds=seconds(sources[:-1]), low=lows(sources[:-1]))
    assert all(set(winners) <= set(every[place]) for place, winners in fewer.items())
