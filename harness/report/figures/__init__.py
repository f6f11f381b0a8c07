"""Figures of the report, each from the summary, and false or None where there is nothing to draw."""
