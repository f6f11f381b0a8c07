"""Fixtures by topic, one file each."""

pytest_plugins = ["tests.fix_postgres", "tests.fix_toxiproxy", "tests.fix_twins"]
