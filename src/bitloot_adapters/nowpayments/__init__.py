"""
NOWPayments as a payment gateway: the calls, the notices (IPN) and their signature, and a limit on our own rate.

The vendor's words stay in `wire.py`; nothing of them crosses the port.
"""
