"""Seeds of a prompt's clips: repeatable, far apart, and spread over the motions that a model chooses by them."""

from hypothesis import given
from hypothesis import strategies as st

from annotator.generation.requests import SEED_BITS, clip_seed

bases = st.integers(0, 2**31)
prompts = st.integers(1, 10**9)


@given(seed_base=bases, prompt_id=prompts, first=st.integers(0, 20))
def test_four_clips_in_a_row_end_in_all_four_ways(seed_base: int, prompt_id: int, first: int) -> None:
    seeds = [clip_seed(seed_base=seed_base, prompt_id=prompt_id, index=first + i) for i in range(4)]
    assert {seed % 4 for seed in seeds} == {0, 1, 2, 3}
    assert all(0 <= seed < 2**SEED_BITS for seed in seeds)


@given(seed_base=bases, prompt_id=prompts)
def test_a_seed_is_asked_again_by_the_same_batch_seed_only(seed_base: int, prompt_id: int) -> None:
    seeds = {clip_seed(seed_base=seed_base, prompt_id=prompt_id, index=i) for i in range(9)}
    assert seeds == {clip_seed(seed_base=seed_base, prompt_id=prompt_id, index=i) for i in range(9)}
    assert len(seeds) == 9
    assert seeds.isdisjoint(clip_seed(seed_base=seed_base + 1, prompt_id=prompt_id, index=i) for i in range(9))
