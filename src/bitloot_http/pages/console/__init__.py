"""
What the pages of the console say: pure functions from the ports' rows to words. No request, no port.
"""
