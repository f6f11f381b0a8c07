"""The rows that each cut write left: by its key at the end of all, or, where rows carry none, before and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from harness.model.cut_map import Cut
from harness.provision.database import count_rows, read_ledger, wait_until_settled
from harness.provision.testbed import Services


def counter(services: Services) -> Callable[[], Mapping[str, int]]:
    """Return what counts the rows that come from now on, of one write at a time; nothing where they carry a key."""
    url, database = services.postgres.url, services.workload.database
    if database.key_column:
        return dict
    before = count_rows(url, database)

    def count() -> Mapping[str, int]:
        wait_until_settled(url, database)
        return {table: now - before[table] for table, now in count_rows(url, database).items()}

    return count


def with_rows(cuts: Sequence[Cut], key_prefixes: Iterable[str], services: Services) -> tuple[Cut, ...]:
    """Count the rows of every write by its key, when every transaction has ended."""
    if not services.workload.database.key_column:
        return tuple(cuts)
    wait_until_settled(services.postgres.url, services.workload.database)
    ledgers = {prefix: read_ledger(services.postgres.url, services.workload, prefix) for prefix in key_prefixes}
    return tuple(
        replace(cut, rows={table: counts.get(cut.key, 0) for table, counts in ledgers[cut.key[:8]].rows.items()})
        for cut in cuts
    )
