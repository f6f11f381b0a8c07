"""Bring the composed database to the newest schema, and write the rows that reads ask for."""

from harness.provision.database import migrate, seed
from scenarios.operations import DATASET
from targets.shared.config import Settings

url = Settings().database_url
migrate(url)
seed(url, users=DATASET.users, posts_per_user=DATASET.posts_per_user)
