"""
What the core needs from the outside, as small protocols. Their docstrings are promises that the contract suites check.
"""
