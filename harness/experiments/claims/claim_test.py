"""What a claim's experiment is: the claim in words, how it is observed, and the code that is run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.experiments.base import Run
from harness.model.claims import Claim, ClaimEvidence, Listing, Observation
from harness.provision.libraries import library_version

ROOT = Path(__file__).parents[3]
Observe = Callable[[Run], Iterator[Observation]]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Functions and classes of a file, given from the repository's root, that are shown because they are run."""

    file: str
    names: tuple[str, ...]

    def listings(self) -> Iterator[Listing]:
        """Cut them out of the source.

        Raises:
            LookupError: One is not there.
        """
        text = (ROOT / self.file).read_text(encoding="utf-8")
        lines = text.splitlines()
        nodes = {
            node.name: node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        for name in self.names:
            if (node := nodes.get(name)) is None:
                raise LookupError(f"{self.file} has no {name}")
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield Listing(file=self.file, line=first, text="\n".join(lines[first - 1 : node.end_lineno]))


@dataclass(frozen=True, kw_only=True)
class ClaimTest:
    """The experiment of one claim.

    ``observe`` does it, and yields what it sees. Its verdict holds for the installed versions of ``libraries``.
    ``targets`` are those of the workload that it needs. One that ``adds_latency`` can't be done without Toxiproxy.
    """

    claim: Claim
    observe: Observe
    libraries: tuple[str, ...]
    shows: tuple[Shown, ...]
    targets: tuple[str, ...] = ()
    adds_latency: bool = False

    def begun(self) -> ClaimEvidence:
        """Return the evidence before anything was seen."""
        return ClaimEvidence(
            claim=self.claim,
            versions={name: library_version(name) for name in self.libraries},
            code=tuple(listing for shown in self.shows for listing in shown.listings()),
        )
