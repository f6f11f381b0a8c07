"""Bring the composed database to the newest schema, and write the rows that reads ask for."""

from harness.provision.database import seed
from targets.content import DATABASE
from targets.shared.config import Settings

url = Settings().database_url
DATABASE.migrate(url)
seed(url, DATABASE)
