"""
What `/metrics` shows: what this process has counted, and how the shop stands.

Counting is an addition to a dictionary and stands in nobody's way; Prometheus' own client is loaded by whoever asks.
"""
