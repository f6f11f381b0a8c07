"""Fixtures by topic, one file each."""

import os
import signal

from hypothesis import settings

pytest_plugins = ["tests.fix_command_line", "tests.fix_postgres", "tests.fix_toxiproxy", "tests.fix_twins"]

# A shell that starts us in the background has SIGINT ignored, which every process of ours would inherit;
# the tests that press Ctrl-C mean what a terminal does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The suite starts our programs a hundred times, which would compile every module of ours each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example takes is the machine's affair.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
