"""
Values that everything above may use: identifiers, money, product keys, errors.

Rule: nothing here knows an order, a port, a vendor or the outside world.
"""
