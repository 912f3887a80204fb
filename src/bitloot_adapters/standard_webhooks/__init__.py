"""Alerts as signed webhooks, after the specification Standard Webhooks 1.0.0 (https://www.standardwebhooks.com)."""

from bitloot_adapters.standard_webhooks.channel import WebhookAlerts
from bitloot_adapters.standard_webhooks.signature import SigningSecret

__all__ = ["SigningSecret", "WebhookAlerts"]
