"""Teachers differ in the order of their clips only: every order has each clip once, its blocks at the end."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sticker_diffusion.stickers.motions import FAMILIES, VERBS
from sticker_diffusion.training.curriculum import Curriculum


def families_of(order: Sequence[int]) -> list[str]:
    family = {verb: name for name, verbs in FAMILIES.items() for verb in verbs}
    return [family[VERBS[index % len(VERBS)]] for index in order]


@given(
    blocks=st.permutations(list(FAMILIES)).flatmap(lambda names: st.integers(0, 4).map(lambda n: tuple(names[:n]))),
    blocked=st.floats(0, 1),
    seed=st.integers(0, 9),
    count=st.integers(1, 300),
)
def test_every_clip_is_seen_once_whatever_the_order(
    blocks: tuple[str, ...], blocked: float, seed: int, count: int
) -> None:
    curriculum = Curriculum(first=40, last=40 + count, blocks=blocks, blocked=blocked)
    assert sorted(curriculum.order(seed)) == list(range(40, 40 + count))
    assert curriculum.order(seed) == curriculum.order(seed)


def test_blocks_come_in_their_order_after_what_is_mixed() -> None:
    order = Curriculum(first=0, last=1900, blocks=("bend", "rigid"), blocked=0.5).order(3)
    families = families_of(order)
    assert families[-300:] == ["rigid"] * 300
    assert families[-400:-300] == ["bend"] * 100
    mixed = families[:-400]
    assert {name: mixed.count(name) for name in FAMILIES} == {
        "rigid": 300,
        "squash": 700,
        "bend": 100,
        "particles": 400,
    }
    assert len(set(mixed[:40])) == 4


def test_an_even_curriculum_has_as_many_of_each_family_and_the_same_clips_in_every_order() -> None:
    orders = [
        Curriculum(first=100, last=2000, blocks=blocks, even=True).order(seed)
        for seed, blocks in enumerate([(), ("bend", "rigid"), ("squash", "particles", "bend", "rigid")])
    ]
    for order in orders:
        families = families_of(order)
        assert {name: families.count(name) for name in FAMILIES} == dict.fromkeys(FAMILIES, 200)
        assert sorted(order) == sorted(orders[0])
    assert families_of(orders[2])[-200:] == ["rigid"] * 200


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"blocks": ("rigid", "jumps")}, "unknown family jumps; known are rigid, squash, bend, particles"),
        ({"blocks": ("rigid", "rigid")}, "one block"),
        ({"first": 9}, "last must be greater"),
        ({"blocked": 1.5}, "share in"),
    ],
)
def test_an_impossible_curriculum_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Curriculum(**{"first": 0, "last": 9, **settings})  # type: ignore[arg-type]
