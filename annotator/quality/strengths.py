"""Bradley-Terry strengths from choices within a task."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from annotator.quality.intervals import Floats, of_statistic
from annotator.quality.resampling import resample
from annotator.quality.share_rates import Named

# Half a win either way between any two that met keeps a strength finite where one never won.
HALF_A_WIN = 0.5
CLOSE_ENOUGH = 1e-6
MOST_STEPS = 2000


def strengths(shapes: Iterable[tuple[Any, int]], named: Named) -> list[dict[str, Any]]:
    """In each group of checkpoints that can be compared, the strongest first.

    `shapes`: PromptTally.wins, each with how many prompts have it.
    """
    rows: list[dict[str, Any]] = []
    resampled = resample(
        ({(winner, loser): times for winner, loser, times in wins}, prompts) for wins, prompts in shapes
    )
    prompts = resampled.prompts_in_all
    for group, members in enumerate(connected(set(resampled.places)), start=1):
        total = np.array([[resampled.sum((i, j)) for j in members] for i in members])
        drawn = np.array([[resampled.resamples((i, j)) for j in members] for i in members]).transpose(2, 0, 1)
        met = total + total.T > 0
        strength, strengths_drawn = log_strengths(total, met=met), log_strengths(drawn, met=met)
        for i, key in enumerate(members):
            interval = of_statistic(float(strength[i]), prompts=prompts, drawn=strengths_drawn[:, i])
            rows.append(
                {
                    "checkpoint": key,
                    "name": named[key].name,
                    "group": group,
                    "chosen": int(total[i].sum()),
                    "passed_over": int(total[:, i].sum()),
                    "strength": interval.value,
                    "low": interval.low if prompts > 1 else None,
                    "high": interval.high if prompts > 1 else None,
                }
            )
    return sorted(rows, key=lambda row: (row["group"], -row["strength"], row["name"]))


def log_strengths(wins: Floats, *, met: npt.NDArray[np.bool_]) -> Floats:
    """θ of P(i is chosen over j) = 1/(1 + exp(θ_j - θ_i)), with mean 0, for each matrix of `wins` (…, k, k), in which
    [i, j] is how often i was chosen and j passed over. `met` (k, k): who was compared at all; all k are connected.

    By the MM algorithm of Hunter, "MM algorithms for generalized Bradley-Terry models", Ann. Stat. 32, 2004, equation
    3: γ_i ← W_i / Σ_j N_ij/(γ_i + γ_j). Bradley and Terry, Biometrika 39, 1952.
    """
    won = wins + HALF_A_WIN * met
    compared = won + np.swapaxes(won, -1, -2)
    total = won.sum(axis=-1)
    strength = np.ones_like(total)
    for _ in range(MOST_STEPS):
        both = strength[..., :, None] + strength[..., None, :]
        step = total / np.maximum((compared / both).sum(axis=-1), 1e-300)
        step /= np.exp(np.log(np.maximum(step, 1e-300)).mean(axis=-1, keepdims=True))
        done = np.max(np.abs(step - strength) / np.maximum(step, 1e-300)) < CLOSE_ENOUGH
        strength = step
        if done:
            break
    logs = np.log(np.maximum(strength, 1e-300))
    centred: Floats = logs - logs.mean(axis=-1, keepdims=True)
    return centred


def connected(pairs: set[tuple[int, int]]) -> list[list[int]]:
    """Which checkpoints can be compared, directly or by way of others: groups, the largest first."""
    groups: list[set[int]] = []
    for pair in pairs:
        touching = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in touching] + [set(pair).union(*touching)]
    return sorted((sorted(group) for group in groups), key=lambda group: (-len(group), group))
