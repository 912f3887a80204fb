"""
Kinguin's eCommerce API (ESA) as a real HTTP server on loopback, strict by default and faulty on demand.

It is an oracle for the adapter, so it shares no module with it: own wire types, own signer, own errors.
Only the standard library, attrs and aiohttp are used.
"""

from bitloot_adapters.kinguin_simulator.desk import SeenCall
from bitloot_adapters.kinguin_simulator.faults import (
    CALLS,
    AcceptThenAlter,
    AcceptThenDrop,
    AcceptThenFail,
    AcceptThenGarble,
    AcceptThenTimeOut,
    Call,
    DropUnheard,
    Fault,
    Faults,
    GatewayPage,
    LateEffect,
    Refuse,
    Slow,
    WebhookFirst,
)
from bitloot_adapters.kinguin_simulator.knobs import KeyOrder, Knobs
from bitloot_adapters.kinguin_simulator.signing import WebhookForm, sign
from bitloot_adapters.kinguin_simulator.simulator import DEFAULT_API_KEY, KinguinSimulator, RunningServer
from bitloot_adapters.kinguin_simulator.values import (
    PNG,
    TEXT,
    Key,
    KeyStatus,
    Line,
    Offer,
    Order,
    OrderStatus,
    Product,
    Purchase,
)
from bitloot_adapters.kinguin_simulator.webhook_faults import (
    DelayWebhook,
    DuplicateWebhook,
    ForgeWebhook,
    SkipWebhook,
    SwapWebhook,
    WebhookFault,
    WebhookFaults,
)
from bitloot_adapters.kinguin_simulator.webhooks import SentWebhook, Webhooks

__all__ = [
    "CALLS",
    "DEFAULT_API_KEY",
    "PNG",
    "TEXT",
    "AcceptThenAlter",
    "AcceptThenDrop",
    "AcceptThenFail",
    "AcceptThenGarble",
    "AcceptThenTimeOut",
    "Call",
    "DelayWebhook",
    "DropUnheard",
    "DuplicateWebhook",
    "Fault",
    "Faults",
    "ForgeWebhook",
    "GatewayPage",
    "Key",
    "KeyOrder",
    "KeyStatus",
    "KinguinSimulator",
    "Knobs",
    "LateEffect",
    "Line",
    "Offer",
    "Order",
    "OrderStatus",
    "Product",
    "Purchase",
    "Refuse",
    "RunningServer",
    "SeenCall",
    "SentWebhook",
    "SkipWebhook",
    "Slow",
    "SwapWebhook",
    "WebhookFault",
    "WebhookFaults",
    "WebhookFirst",
    "WebhookForm",
    "Webhooks",
    "sign",
]
