"""A transaction is refused because another got in its way."""

from __future__ import annotations

from harness.faults.triggers import TriggeredFault


class SerializationFailure(TriggeredFault):
    """An insert that every write makes raises SQLSTATE 40001.

    A trigger raises it: at the isolation level of the targets it never comes by itself.
    """

    needs = ("written_table",)
    kind = "serialization_failure"
    detail = "SQLSTATE 40001, by a trigger"
    body = "RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';"
    happened = "a serialization failure was raised"
