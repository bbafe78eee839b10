"""Chaos has a PostgreSQL and a Redis of its own; it runs once, where the suite runs on PostgreSQL."""

from django.db import connection

collect_ignore = [] if connection.vendor == "postgresql" else ["test_chaos.py"]
