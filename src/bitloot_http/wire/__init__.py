"""
The shapes of the API: what clients send and what they are answered, as frozen classes.

A view is built from the core's values by its `of`; a body turns itself into them. Nothing here decides anything.
"""
