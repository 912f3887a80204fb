"""
The settings of the two vendors: how each is reached, and what proves that it is they who call us.

They are the first part of `Settings`, which is in `settings`; nothing else takes them alone.
"""

from __future__ import annotations

import attrs

from bitloot_core.values.secret import Secret
from bitloot_http import variables as form
from bitloot_http.variables import variable


@attrs.frozen(kw_only=True)
class VendorSettings:
    """What Kinguin and NOWPayments gave us, and where they are."""

    kinguin_api_key: Secret = attrs.field(
        metadata=variable("KINGUIN_API_KEY", form.secret, "The key of the Kinguin store.", required=True, secret=True)
    )
    kinguin_base_url: str = attrs.field(
        metadata=variable(
            "KINGUIN_BASE_URL",
            form.versionless,
            "Where Kinguin's API is, without its version.",
            default="https://gateway.kinguin.net/esa/api",
        )
    )
    kinguin_webhook_secret: Secret = attrs.field(
        metadata=variable(
            "KINGUIN_WEBHOOK_SECRET",
            form.secret,
            "Signs Kinguin's webhooks (HMAC-SHA512 of the raw body).",
            required=True,
            secret=True,
        )
    )
    kinguin_event_secret: Secret | None = attrs.field(
        metadata=variable(
            "KINGUIN_EVENT_SECRET",
            form.secret,
            "The secret of the plain header X-Event-Secret. Absent: KINGUIN_WEBHOOK_SECRET.",
            secret=True,
        )
    )
    nowpayments_api_key: Secret = attrs.field(
        metadata=variable(
            "NOWPAYMENTS_API_KEY", form.secret, "The key of the NOWPayments account.", required=True, secret=True
        )
    )
    nowpayments_base: str = attrs.field(
        metadata=variable(
            "NOWPAYMENTS_BASE",
            form.web_address,
            "Where NOWPayments' API is, with its version.",
            default="https://api.nowpayments.io/v1",
        )
    )
    nowpayments_ipn_secret: Secret = attrs.field(
        metadata=variable(
            "NOWPAYMENTS_IPN_SECRET", form.secret, "Signs NOWPayments' notices (IPN).", required=True, secret=True
        )
    )
    nowpayments_rate_per_second: float = attrs.field(
        metadata=variable(
            "NOWPAYMENTS_RATE_PER_SECOND",
            form.rate,
            "Calls a second that we allow ourselves, for the whole shop; 0 for no limit of ours.",
            default="2",
        )
    )
