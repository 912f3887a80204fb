"""
The tables of the alerts: how each channel stands, what it has told, and what is wrong with the service.
"""

from __future__ import annotations

from sqlalchemy import Column

from bitloot_adapters.sql.table_shapes import TEXT, index, name, table, whole, words

ALERT_CHANNELS = table(
    "alert_channels",
    name(key=True),
    # A digest of where it leads.
    words("target"),
    words("last_id", null=True),
    # The alert that is being sent, whole: a repeat says the same.
    words("under_way", null=True),
    whole("made_at", null=True),
    whole("attempts", start=0),
    whole("due_at", null=True),
    words("lease_token", null=True),
    whole("lease_until", null=True),
    whole("failing_since", null=True),
    words("last_error", null=True),
    whole("delivered_at", null=True),
    whole("closed_at", null=True),
)

ALERT_TOLD = table(
    "alert_told",
    Column("channel", TEXT, primary_key=True),
    # A finding's id, or a trouble's name and time.
    Column("subject", TEXT, primary_key=True),
    words("alert_id"),
    whole("at"),
)
index("ix_alert_told_at", ALERT_TOLD, "at")

ALERT_TROUBLES = table(
    "alert_troubles",
    Column("name", TEXT, primary_key=True),
    words("told"),
    whole("since"),
    whole("seen_at"),
)
