"""
NOWPayments as a payment gateway: the calls, the notices (IPN) and their signature, and a limit on our own rate.

The vendor's words stay in `wire.py`; nothing of them crosses the port.
"""

from bitloot_adapters.nowpayments.gateway import PRODUCTION, NowPaymentsGateway
from bitloot_adapters.nowpayments.rate_limit import RateLimit, TokenBucket, Unlimited, rate_limit

__all__ = ["PRODUCTION", "NowPaymentsGateway", "RateLimit", "TokenBucket", "Unlimited", "rate_limit"]
