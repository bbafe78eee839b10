"""What a database of the benchmark shall hold, and what was made: both go between processes as JSON."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wish:
    """`batches` of (tasks, overlap); everybody may judge all of every batch. `pictures`: a browser shall show them."""

    people: int
    batches: list[tuple[int, int]]
    pictures: bool = False


@dataclass(frozen=True)
class Made:
    """`people` are the cookies of open sessions; `batches` public ids, in the order of the wish."""

    people: list[str]
    batches: list[str]
