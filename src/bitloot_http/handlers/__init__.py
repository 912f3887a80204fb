"""
The handlers: structure, call, unstructure. None of them decides anything about an order.
"""
