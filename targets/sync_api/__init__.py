"""The sync twin: Session on psycopg2."""
