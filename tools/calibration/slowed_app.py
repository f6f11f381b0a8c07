"""The application of a slowed target, as its server imports it."""

from tools.calibration.slowed import app_of_environment

app = app_of_environment()
