"""Sweeps blobs that nothing refers to. What may refer to one stands in settings.BLOB_ROOTS, a line a query."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from annotator.media import store

HEX = "0123456789abcdef"
PREFIXES = [one + other for one in HEX for other in HEX]
RECORDS = "results"
RECORDS_AT_ONCE = 500


@dataclass(kw_only=True)
class Swept:
    blobs: int = 0
    records: int = 0
    kept: int = 0


def sweep(*, older_than: timedelta, dry: bool = False) -> Swept:
    """Deletes what was put before that time and is referred to by nothing; with `dry` only counts it.

    Results on record go first, where no clip waits for them: a record names blobs, and a worker would believe it. Of
    the blobs referred to, eight bytes of each name are remembered; two that share these are both kept.
    """
    before, swept = timezone.now() - older_than, Swept()
    for prefix in PREFIXES:
        old = [key for key, put in store.record_keys(RECORDS, prefix) if older(put, before)]
        for start in range(0, len(old), RECORDS_AT_ONCE):
            keys = old[start : start + RECORDS_AT_ONCE]
            waiting = set(import_string(settings.RECORDS_WAITED_FOR)(keys))
            for key in keys:
                if key not in waiting:
                    swept.records += 1
                    if not dry:
                        store.delete_record(RECORDS, key)
    wanted = referred_to()
    for prefix in PREFIXES:
        for name, put in store.names(prefix):
            if older(put, before) and not among(wanted, name):
                swept.blobs += 1
                if not dry:
                    store.delete(name)
            else:
                swept.kept += 1
    return swept


def older(put: datetime, before: datetime) -> bool:
    return (put if put.tzinfo else timezone.make_aware(put)) < before


def short(name: str) -> int:
    return int(name[:16], 16)


def referred_to() -> "array[int]":
    names: Iterator[str] = (name for root in settings.BLOB_ROOTS for name in import_string(root)() if name)
    return array("Q", sorted(array("Q", map(short, names))))


def among(wanted: "array[int]", name: str) -> bool:
    place = bisect_left(wanted, short(name))
    return place < len(wanted) and wanted[place] == short(name)
