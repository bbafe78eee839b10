"""How sure a share rate is. Plain arithmetic, so that the web side needs no numeric library."""

import math
from dataclasses import dataclass

LEVEL = 0.95
# The normal quantile of 0.975.
Z = 1.959963984540054
METHOD = (
    "95 %: Wilson with the effective sample size of a ratio estimator over prompts "
    "(Cochran 1977, chapter 6; Dean and Pagano 2015), Student's t with prompts - 1 degrees of freedom"
)


@dataclass(frozen=True)
class Interval:
    rate: float
    low: float
    high: float


@dataclass
class ClusteredRate:
    """A rate over verdicts that come in prompts: sums over prompts j of n_j verdicts, y_j of them shareable.

    Verdicts of one prompt are alike (an easy prompt is easy for every model), so the prompt is what is sampled, and
    r = Σy/Σn is a ratio estimator with, without finite-population correction,

        var r = m/(m-1) · Σ(y_j - r n_j)² / (Σn_j)²        Cochran, Sampling Techniques, 3rd ed. 1977, chapter 6

    The Wilson interval is then taken at the effective sample size n* = r(1-r)/var r: unlike r ± 2 SE it stays within
    0…1 and keeps its width near the ends. Dean and Pagano, "Evaluating confidence interval methods for binomial
    proportions in clustered surveys", J. Surv. Stat. Methodol. 3, 2015.
    """

    prompts: int = 0
    shown: int = 0
    shareable: int = 0
    n_n: int = 0
    n_y: int = 0
    y_y: int = 0

    def add(self, *, shown: int, shareable: int) -> None:
        """One prompt's sums."""
        self.prompts += 1
        self.shown += shown
        self.shareable += shareable
        self.n_n += shown * shown
        self.n_y += shown * shareable
        self.y_y += shareable * shareable

    def interval(self) -> Interval | None:
        """None without a verdict; the whole of 0…1 from a single prompt, which says nothing of others."""
        if not self.shown:
            return None
        rate = self.shareable / self.shown
        if self.prompts < 2:
            return Interval(rate, 0.0, 1.0)
        squares = self.y_y - 2 * rate * self.n_y + rate * rate * self.n_n
        variance = self.prompts / (self.prompts - 1) * max(squares, 0.0) / self.shown**2
        # Where every verdict is the same the sample shows no variance: then each prompt speaks once.
        effective = rate * (1 - rate) / variance if variance > 1e-15 else float(self.prompts)
        effective = min(effective, float(self.shown))
        return wilson(rate=rate, size=effective, quantile=student_t(self.prompts - 1))


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
