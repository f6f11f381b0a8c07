"""Versions of the libraries that are installed."""

from __future__ import annotations

import importlib.metadata


def library_version(name: str) -> str:
    """Return the version of a library; empty if it is not installed.

    ``importlib.metadata.version`` parses all of the metadata, the long description included, which takes three times as
    long: of a dozen libraries, 9 ms.
    """
    try:
        told = importlib.metadata.distribution(name).read_text("METADATA") or ""
    except importlib.metadata.PackageNotFoundError:
        return ""
    return told.partition("\nVersion: ")[2].partition("\n")[0]
