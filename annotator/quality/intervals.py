"""How sure a figure is, given what it was in resamples of the prompts."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
# The normal quantile of 0.975.
Z = 1.959963984540054
METHOD = (
    "95 %, from 1,000 resamples of the prompts (verdicts on one prompt are alike). Share rates: Wilson at the "
    "effective sample size of the resampled variance (Dean and Pagano 2015), Student's t with prompts - 1 degrees of "
    "freedom. All else: expanded percentiles (Hesterberg 2015)"
)


@dataclass(frozen=True)
class Interval:
    value: float
    low: float
    high: float


def of_rate(*, shareable: float, shown: float, prompts: int, drawn: Floats) -> Interval:
    """A rate among `shown` that came in `prompts`, whose values in resamples are `drawn` (resamples,).

    Wilson's interval at the effective sample size n* = r(1-r)/var r stays within 0…1 and keeps its width near the ends,
    where percentiles are too narrow. Dean and Pagano, "Evaluating confidence interval methods for binomial proportions
    in clustered surveys", J. Surv. Stat. Methodol. 3, 2015. The whole of 0…1 from a single prompt, which says nothing
    of others; where every verdict is the same, each prompt speaks once.
    """
    rate = shareable / shown
    if prompts < 2:
        return Interval(rate, 0.0, 1.0)
    # A resample varies as a sample of m prompts does around its own mean: too little by (m - 1)/m.
    variance = float(np.nanvar(drawn)) * prompts / (prompts - 1)
    effective = rate * (1 - rate) / variance if variance > 1e-15 else float(prompts)
    return wilson(rate=rate, size=min(effective, shown), quantile=student_t(prompts - 1))


def of_statistic(
    value: float, *, prompts: int, drawn: Floats, least: float = -math.inf, most: float = math.inf
) -> Interval:
    """Percentiles of `drawn` (resamples,), moved outwards as few prompts ask for.

    Hesterberg, "What teachers should know about the bootstrap", Am. Stat. 69, 2015, section 3.3: the level α/2 becomes
    Φ(-√(m/(m-1)) t(α/2, m-1)). `least` to `most`, all that the figure can be, from a single prompt.
    """
    found = drawn[np.isfinite(drawn)]
    if prompts < 2 or not len(found):
        return Interval(value, least, most)
    level = NormalDist().cdf(-student_t(prompts - 1) * math.sqrt(prompts / (prompts - 1)))
    low, high = np.quantile(found, [level, 1 - level])
    return Interval(value, float(low), float(high))


def wilson(*, rate: float, size: float, quantile: float) -> Interval:
    """Wilson, J. Am. Stat. Assoc. 22, 1927, for a `size` that need not be whole."""
    q = quantile * quantile / size
    centre = (rate + q / 2) / (1 + q)
    half = math.sqrt(rate * (1 - rate) * q + q * q / 4) / (1 + q)
    return Interval(rate, max(centre - half, 0.0), min(centre + half, 1.0))


def student_t(degrees: int) -> float:
    """The 0.975 quantile: exact for 1 and 2, else Abramowitz and Stegun 26.7.5, within 0.2 % of it."""
    if degrees == 1:
        return math.tan(math.pi * (LEVEL / 2))
    if degrees == 2:
        return LEVEL * math.sqrt(2 / (1 - LEVEL**2))
    z = Z
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * degrees**4)
    )
