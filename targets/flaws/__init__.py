"""Negative controls: sound twins with one route each that has one deliberate mistake."""
