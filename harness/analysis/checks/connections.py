"""Is an engine made, or a connection opened, for each request? By what came of each line that makes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Quantity, in_unit
from harness.model.verdict import Place

EACH = 0.5  # of the connections that requests are handed out; one for each lies at 1, and what is kept at 0
LEAST = 5  # that were handed out
OF_REQUESTS = 0.1  # of all requests, so that it is more than what happens now and then
MS_PER_S, NS_PER_S = 1e3, 1e9
OF_POOL = {"keeps", "renewed_after_s"}  # what is told of a line's pool, and is no count


@dataclass(frozen=True)
class Churn:
    """What is made anew for each request: its code, its numbers, and the line that does it."""

    code: str
    values: Mapping[str, Quantity]
    place: Place | None


@dataclass(frozen=True)
class _Origin:
    """What came of one line within the window: engines made, connections opened, those handed out to requests.

    And what its pool is: how many connections it keeps, and after how many seconds each is renewed, below 0 never.
    """

    kind: str
    place: Place | None
    disposes: Place | None
    discards: Place | None
    keeps: float
    renewed_after_s: float
    made: float
    disposed: float
    discarded: float
    forgotten: float
    handed_out: float
    opened: float
    opening_s: float
    grown: float
    open_most: float
    span_s: float

    @property
    def again(self) -> float:
        """Connections that were opened, and are not there in addition to those before: a pool that fills has none.

        Nor are they that a pool opens as it renews each of those that it has after a while, however few requests come.
        """
        renewed = self.open_most * self.span_s / self.renewed_after_s if self.renewed_after_s > 0 else 0.0
        return self.opened - max(0.0, self.grown) - renewed

    def values(self, count: float) -> dict[str, Quantity]:
        """Return what a finding tells of it, of so many engines or connections."""
        each_ms = MS_PER_S * self.opening_s / self.opened if self.opened else 0.0
        return {
            **in_unit("engines", made=self.made, disposed=self.disposed),
            **in_unit("connections", opened=self.opened, handed_out=self.handed_out, open_most=self.open_most),
            **in_unit("connections", discarded=self.discarded, keeps=self.keeps),
            **in_unit("s", renewed_after=self.renewed_after_s),
            **in_unit("ms", each=each_ms),
            "per_request": Quantity(value=count / max(self.handed_out, 1), unit="a request"),
        }


def made_anew(evidence: Evidence) -> Churn | None:
    """Name what is made for each request and could be kept, if anything is."""
    window = evidence.window
    requests = sum(window is None or window.holds(op.ended_ns) for op in evidence.ops)
    least = max(LEAST, OF_REQUESTS * requests)
    found = [churn for origin in _origins(evidence.samples) for churn in _of(origin, least)]
    return max(found, key=lambda churn: churn.values["handed_out"].value, default=None)


def _of(origin: _Origin, least: float) -> Iterator[Churn]:
    """An engine for each comes before the connections that it opens, and what throws them away before that."""
    if origin.made >= max(least, EACH * origin.handed_out):
        yield Churn("engine_per_request", origin.values(origin.made), origin.place)
    elif origin.handed_out < least:
        return
    elif origin.disposed >= EACH * origin.handed_out:
        yield Churn("engine_disposed_per_request", origin.values(origin.opened), origin.disposes)
    elif origin.again < EACH * origin.handed_out:
        return
    elif origin.kind == "driver":
        yield Churn("connection_past_pools", origin.values(origin.opened), origin.place)
    elif origin.discarded >= EACH * origin.opened:
        forgotten = origin.forgotten >= EACH * origin.discarded
        values = origin.values(origin.opened)
        yield Churn("connection_forgotten" if forgotten else "connection_discarded", values, origin.discards)
    else:
        yield _of_pool(origin, origin.values(origin.opened))


def _of_pool(origin: _Origin, values: Mapping[str, Quantity]) -> Churn:
    """Say why a pool has connections opened that nobody has kept from it."""
    if 0 < origin.keeps < origin.open_most:
        return Churn("connections_beyond_pool", values, origin.place)
    if origin.keeps and origin.renewed_after_s >= 0:
        return Churn("connection_renewed", values, origin.place)
    return Churn("connection_per_request", values, origin.place)


def _origins(samples: Sequence[Sample]) -> Iterator[_Origin]:
    """Take what was counted at the first look from what was at the last; of a line that is new there was nothing."""
    told = [sample for sample in samples if sample.probe == "pool"]
    looks = [sample.t_ns for sample in told if sample.metric == "in_use"]
    by_line: dict[tuple[str, Place | None], list[Sample]] = defaultdict(list)
    for sample in told:
        if sample.metric == "origin":
            by_line[sample.labels["kind"], sample.places.get("call_site")].append(sample)
    for (kind, place), seen in by_line.items():
        first, last = seen[0], seen[-1]
        was_there = bool(looks) and first.t_ns <= looks[0]
        of_pool = {name: last.fields[name] for name in OF_POOL}
        counted = first.fields.keys() - OF_POOL
        since = {name: last.fields[name] - (first.fields[name] if was_there else 0) for name in counted}
        yield _Origin(
            kind=kind,
            place=place,
            disposes=last.places.get("disposes"),
            discards=last.places.get("discards"),
            grown=last.value - (first.value if was_there else 0),
            open_most=max(sample.value for sample in seen),
            span_s=(last.t_ns - first.t_ns) / NS_PER_S,
            **of_pool,
            **since,
        )
