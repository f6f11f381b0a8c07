"""Every kind of run by the name that its record has. A kind is imported when it is asked for: ``list`` needs none."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from harness.errors import EvidenceUnreadable

if TYPE_CHECKING:
    from harness.experiments.base import Experiment

EXPERIMENTS: Mapping[str, str] = {
    "comparison": "harness.experiments.comparison.experiment:Comparison",
    "chaos": "harness.experiments.chaos.experiment:Chaos",
    "eager_loading": "harness.experiments.eager_loading.experiment:EagerLoading",
    "claims": "harness.experiments.claims.experiment:Claims",
    "probe_overhead": "harness.experiments.probe_overhead.experiment:ProbeOverhead",
}


def experiment(kind: str) -> type[Experiment]:
    """Return a kind of run by its name.

    Raises:
        EvidenceUnreadable: There is no such kind.
    """
    if kind not in EXPERIMENTS:
        raise EvidenceUnreadable(
            f"The stored run is of the kind {kind!r}, and this twinbench knows {', '.join(EXPERIMENTS)}",
            "Report it with the twinbench that made it",
        )
    module, _, name = EXPERIMENTS[kind].partition(":")
    found: type[Experiment] = getattr(import_module(module), name)
    return found
