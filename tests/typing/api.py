"""
The public surface as a user types it: checked by mypy, never run.

Each function shows one promise of the types; a change that breaks a caller's program breaks it here first.
"""
