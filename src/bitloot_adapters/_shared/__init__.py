"""
What several adapters need and no vendor owns.
"""
