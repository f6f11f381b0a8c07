"""Figures of the report, one a file: each takes the summary, and is None where there is nothing to draw."""
