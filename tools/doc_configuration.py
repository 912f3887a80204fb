"""
The page about the settings, made from the class that holds them.
"""

from __future__ import annotations

from bitloot_http.reading_settings import variables
from bitloot_http.variables import Variable

GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "The vendors",
        "Who sells the keys, and who takes the coins.",
        ("KINGUIN_", "NOWPAYMENTS_"),
    ),
    (
        "Where it runs",
        "How buyers and webhooks reach the service.",
        ("PUBLIC_URL", "HOST", "PORT", "TRUSTED_PROXIES", "LOG_LEVEL", "METRICS_TOKEN"),
    ),
    (
        "Where things are kept",
        "The database, the doorbell, the sealed keys and the mails.",
        ("DATABASE_", "REDIS_URL", "VAULT_", "R2_", "SMTP_URL", "MAIL_", "RETENTION_DAYS"),
    ),
    (
        "Links and tokens",
        "What buyers and the staff prove themselves with.",
        ("LINK_", "ADMIN_TOKEN"),
    ),
    (
        "Alerts",
        "How the operator hears of what needs a person ([alerts](handbook/alerts.md)).",
        ("ALERT_",),
    ),
    (
        "The rules of the shop",
        "How patient it is, and how tolerant.",
        (
            "ORDER_EXPIRES_MINUTES",
            "ORDERS_PER_MINUTE_PER_ADDRESS",
            "ADMIN_REQUESTS_PER_MINUTE",
            "PAYMENT_",
            "SUPPLIER_",
            "SPEND_CAP_PER_DAY",
            "BALANCE_FLOOR",
            "PRICE_RULE",
        ),
    ),
    (
        "The clocks of the machinery",
        "For tests and drills; the defaults are right for a shop.",
        ("JOB_LEASE_SECONDS", "RELAY_SECONDS", "RETRY_BASE_SECONDS"),
    ),
)
"""Title, a sentence, and the names or beginnings of names of what belongs there."""

_HEAD = """\
# Configuration

<!-- Made from the settings class by tools/write_docs.py; edit src/bitloot_http/settings.py instead. -->

The service is configured by environment variables, and by a file `.env` in the folder where it starts; the environment
wins over the file. [`.env.example`](../.env.example) has all of them, ready to be copied.

* A variable that is empty or blank counts as absent.
* `bitloot` reads all of them before it says a word: whatever is missing or malformed is listed at once, by name and
  never by value, and the program exits 2. Nothing falls back to a fake.
* A value marked *secret* is never logged or shown.
* In `.env`, values may stand in quotes; nothing is expanded, and ` #` begins a comment.

What you must set, and nothing else:

```dotenv
{required}
```

How to come by them: [Run the service](run-the-service.md).
"""


def configuration() -> str:
    """
    The whole page.

    Raises:
        ValueError: a variable belongs to no group, or to two.
    """
    left = list(variables())
    required = "\n".join(f"{one.name}=" for one in left if one.required)
    parts = [_HEAD.format(required=required)]
    for title, sentence, names in GROUPS:
        mine = [one for one in left if _belongs(one.name, names)]
        left = [one for one in left if one not in mine]
        rows = "\n".join(_row(one) for one in mine)
        parts.append(f"## {title}\n\n{sentence}\n\n| variable | default | meaning |\n|---|---|---|\n{rows}\n")
    if left:
        raise ValueError(f"no group of tools/doc_configuration.py takes {', '.join(one.name for one in left)}")
    return "\n".join(parts)


def _belongs(name: str, names: tuple[str, ...]) -> bool:
    return any(name == one or (one.endswith("_") and name.startswith(one)) for one in names)


def _row(one: Variable) -> str:
    if one.required:
        default = "**required**"
    elif one.default:
        default = f"`{one.default}`"
    else:
        default = "absent"
    secret = " *Secret.*" if one.secret else ""
    return f"| `{one.name}` | {default} | {one.help.replace('|', '&#124;')}{secret} |"
