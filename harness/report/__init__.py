"""The report: draws what judge and analyse wrote, and computes nothing."""

import logging

# Of a home that can't be written to it says so in three lines, and keeps its list of fonts in a temporary folder.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
