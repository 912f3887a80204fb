"""
The settings of the service: one frozen value. `reading_settings.read_settings` is the one way to it.

A setting never falls back to a fake: what is missing is a problem, and what has a default has it written here, once, as
the text that `.env.example` shows.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import attrs

from bitloot_core.order.buying import Budget
from bitloot_core.order.policy import Policy, Repost
from bitloot_core.values.money import Money
from bitloot_core.values.prices import PriceRule
from bitloot_core.values.secret import Secret
from bitloot_http import alert_variables as alert_form
from bitloot_http import variables as form
from bitloot_http.price_variables import price_rule
from bitloot_http.variables import Network, variable
from bitloot_http.vendor_settings import VendorSettings

LINK_SECRET_CHARACTERS = 32
ADMIN_TOKEN_CHARACTERS = 24
_LONGEST_CALL = timedelta(seconds=30)
_IPN_PATH = "/payments/ipn"


@attrs.frozen(kw_only=True)
class R2Account:
    """The four settings of R2, which only make sense together."""

    access_key_id: str
    secret_access_key: Secret
    endpoint: str
    bucket: str


def deadline_under(lease: timedelta) -> timedelta:
    """
    How long a call may take: it must end while the lease of its job holds, with time to write what came of it.

    >>> deadline_under(timedelta(seconds=120)), deadline_under(timedelta(seconds=9))
    (datetime.timedelta(seconds=30), datetime.timedelta(seconds=3))
    """
    return min(_LONGEST_CALL, lease / 3)


@attrs.frozen(kw_only=True)
class Settings(VendorSettings):
    """Everything that a deployment may set. Built by `read_settings` alone; no field has a default of its own."""

    public_url: str = attrs.field(
        metadata=variable(
            "PUBLIC_URL",
            form.origin,
            "Where buyers and webhooks reach this service; plain http on loopback only.",
            required=True,
        )
    )
    host: str = attrs.field(
        metadata=variable("HOST", form.plain, "The address to listen on.", default="127.0.0.1"),
    )
    port: int = attrs.field(
        metadata=variable("PORT", form.whole(0, 65_535), "The port to listen on; 0 for any free one.", default="8080"),
    )
    trusted_proxies: tuple[Network, ...] = attrs.field(
        metadata=variable(
            "TRUSTED_PROXIES",
            form.networks,
            "Addresses or networks whose X-Forwarded-For is believed, separated by commas. Absent: nobody's.",
            default="",
        )
    )
    database_url: Secret = attrs.field(
        metadata=variable(
            "DATABASE_URL",
            form.database,
            "sqlite:///file, sqlite:////absolute/file, or postgresql://user:password@host:port/name.",
            default="sqlite:///bitloot.db",
            secret=True,
        )
    )
    database_pool_size: int = attrs.field(
        metadata=variable(
            "DATABASE_POOL_SIZE", form.whole(1, 200), "Connections that a process keeps to PostgreSQL.", default="10"
        )
    )
    redis_url: Secret | None = attrs.field(
        metadata=variable(
            "REDIS_URL", form.redis, "The doorbell of the workers. Absent: workers inside the service.", secret=True
        )
    )
    vault_keys: Secret = attrs.field(
        metadata=variable(
            "VAULT_KEYS",
            form.master_keys,
            "Master keys, id:base64-32-bytes, separated by commas: the first seals, all open. "
            "Made by `bitloot vault generate-key`.",
            required=True,
            secret=True,
        )
    )
    vault_dir: Path = attrs.field(
        metadata=variable("VAULT_DIR", form.folder, "Where sealed keys lie, unless R2_* is set.", default="vault"),
    )
    r2_access_key_id: str | None = attrs.field(
        metadata=variable("R2_ACCESS_KEY_ID", form.plain, "Cloudflare R2 instead of a folder: set all four.")
    )
    r2_secret_access_key: Secret | None = attrs.field(
        metadata=variable("R2_SECRET_ACCESS_KEY", form.secret, "The secret half of the access key.", secret=True)
    )
    r2_endpoint: str | None = attrs.field(
        metadata=variable("R2_ENDPOINT", form.web_address, "https://ACCOUNT.r2.cloudflarestorage.com.")
    )
    r2_bucket: str | None = attrs.field(metadata=variable("R2_BUCKET", form.plain, "The bucket."))
    smtp_url: Secret | None = attrs.field(
        metadata=variable(
            "SMTP_URL", form.smtp, "smtp://user:password@host:port. Absent: mails are written to MAIL_DIR.", secret=True
        )
    )
    mail_dir: Path = attrs.field(
        metadata=variable("MAIL_DIR", form.folder, "Where mails are written, unless SMTP_URL is set.", default="mail"),
    )
    mail_from: str | None = attrs.field(
        metadata=variable("MAIL_FROM", form.mail_address, "The sender of our mails; needed with SMTP_URL.")
    )
    link_secret: tuple[Secret, ...] = attrs.field(
        metadata=variable(
            "LINK_SECRET",
            form.several_secrets(LINK_SECRET_CHARACTERS),
            f"Signs links and access tokens, {LINK_SECRET_CHARACTERS} characters or more. "
            "Several separated by commas: the first signs, all verify.",
            required=True,
            secret=True,
        )
    )
    link_expires: timedelta = attrs.field(
        metadata=variable("LINK_EXPIRES_DAYS", form.days, "How long a delivery link is good.", default="14"),
    )
    link_max_views: int = attrs.field(
        metadata=variable(
            "LINK_MAX_VIEWS", form.whole(1, 1_000_000), "How often one link may reveal keys.", default="50"
        )
    )
    admin_token: Secret | None = attrs.field(
        metadata=variable(
            "ADMIN_TOKEN",
            form.long_secret(ADMIN_TOKEN_CHARACTERS),
            f"A first token for the admin API, {ADMIN_TOKEN_CHARACTERS} characters or more; "
            "better ones are made by `bitloot admin create-token`.",
            secret=True,
        )
    )
    metrics_token: Secret | None = attrs.field(
        metadata=variable(
            "METRICS_TOKEN", form.secret, "Opens /metrics to others than this machine, as a bearer token.", secret=True
        )
    )
    log_level: str = attrs.field(
        metadata=variable("LOG_LEVEL", form.level, f"One of {', '.join(form.LEVELS)}; in any case.", default="info"),
    )
    alert_email: str | None = attrs.field(
        metadata=variable(
            "ALERT_EMAIL",
            alert_form.mailbox,
            "Where the operator is told by mail of what needs a person. Absent: no such mails.",
        )
    )
    alert_webhook_url: Secret | None = attrs.field(
        metadata=variable(
            "ALERT_WEBHOOK_URL",
            alert_form.receiver,
            "Where the same is posted, signed after Standard Webhooks; https, or http on loopback. Absent: nowhere.",
            secret=True,
        )
    )
    alert_webhook_secret: tuple[Secret, ...] | None = attrs.field(
        metadata=variable(
            "ALERT_WEBHOOK_SECRET",
            alert_form.signing_secrets,
            "What signs it, whsec_ and base64 of 24 to 64 bytes. Several separated by commas: each signs.",
            secret=True,
        )
    )
    alert_window: timedelta = attrs.field(
        metadata=variable(
            "ALERT_WINDOW_SECONDS",
            form.seconds,
            "How long an alert gathers, from the first thing that it tells of: a storm is one message.",
            default="300",
        )
    )
    order_expires: timedelta = attrs.field(
        metadata=variable(
            "ORDER_EXPIRES_MINUTES", form.minutes, "How long an unpaid order waits for money.", default="60"
        )
    )
    orders_per_minute_per_address: int = attrs.field(
        metadata=variable(
            "ORDERS_PER_MINUTE_PER_ADDRESS",
            form.whole(0, 1_000_000),
            "Orders that one address may place in a minute; 0 for no limit.",
            default="30",
        )
    )
    admin_requests_per_minute: int = attrs.field(
        metadata=variable(
            "ADMIN_REQUESTS_PER_MINUTE",
            form.whole(0, 1_000_000),
            "What one token of the admin API may ask in a minute; 0 for no limit.",
            default="600",
        )
    )
    payment_tolerance_percent: Decimal = attrs.field(
        metadata=variable(
            "PAYMENT_TOLERANCE_PERCENT", form.percent, "By how much a payment may fall short.", default="0.5"
        )
    )
    payment_poll: tuple[timedelta, ...] = attrs.field(
        metadata=variable(
            "PAYMENT_POLL_SECONDS",
            form.ladder,
            "Pauses between looks at an open payment; the last repeats until a day after it is void.",
            default="30,60,120,300,600",
        )
    )
    supplier_poll: tuple[timedelta, ...] = attrs.field(
        metadata=variable(
            "SUPPLIER_POLL_SECONDS",
            form.ladder,
            "Pauses between looks at a placed purchase; the last repeats.",
            default="15,30,60,120,300,600,1800",
        )
    )
    supplier_quiet: timedelta = attrs.field(
        metadata=variable(
            "SUPPLIER_QUIET_SECONDS",
            form.seconds,
            "How long a purchase without an answer is only looked up, and not asked for again; "
            "at least JOB_LEASE_SECONDS and a call (30 seconds, or a third of a lease) together.",
            default="900",
        )
    )
    supplier_repost: Repost = attrs.field(
        metadata=variable(
            "SUPPLIER_REPOST",
            form.repost,
            "After that: `auto` asks again under the same reference, `operator` waits for a person.",
            default="auto",
        )
    )
    spend_cap_per_day: Money | None = attrs.field(
        metadata=variable(
            "SPEND_CAP_PER_DAY",
            form.euros("0.01"),
            "The most, in EUR, that is spent at the supplier in a day (UTC); then buying pauses. Absent: no cap.",
        )
    )
    balance_floor: Money | None = attrs.field(
        metadata=variable(
            "BALANCE_FLOOR",
            form.euros("0"),
            "What must be left of the balance at the supplier, in EUR; then buying pauses. Absent: no floor.",
        )
    )
    price_rule: PriceRule = attrs.field(
        metadata=variable(
            "PRICE_RULE",
            price_rule,
            "How prices are made from costs where products are taken over from the supplier: margin in per cent, the "
            "least in EUR that a sale must bring above its cost, and the rounding (x.99 ends so, 0.05 is a multiple).",
            default="15%, 0.50, x.99",
        )
    )
    job_lease: timedelta = attrs.field(
        metadata=variable("JOB_LEASE_SECONDS", form.seconds, "How long a claimed job is its worker's.", default="120"),
    )
    relay: timedelta = attrs.field(
        metadata=variable("RELAY_SECONDS", form.seconds, "How often a worker looks for due jobs.", default="5"),
    )
    retry_base: timedelta = attrs.field(
        metadata=variable(
            "RETRY_BASE_SECONDS", form.seconds, "The first pause after a passing error; it doubles.", default="5"
        )
    )
    retention: timedelta = attrs.field(
        metadata=variable(
            "RETENTION_DAYS", form.days, "After that the bodies of webhooks are removed; rows stay.", default="60"
        )
    )

    @property
    def r2(self) -> R2Account | None:
        """Cloudflare R2, if it is set."""
        match (self.r2_access_key_id, self.r2_secret_access_key, self.r2_endpoint, self.r2_bucket):
            case (str() as key_id, Secret() as key, str() as endpoint, str() as bucket):
                return R2Account(access_key_id=key_id, secret_access_key=key, endpoint=endpoint, bucket=bucket)
            case _:
                return None

    @property
    def ipn_url(self) -> str:
        """Where NOWPayments tells us of payments."""
        return self.public_url + _IPN_PATH

    @property
    def link_secrets(self) -> list[str]:
        """What signs links, as it is."""
        return [secret.reveal() for secret in self.link_secret]

    @property
    def call_deadline(self) -> timedelta:
        """How long a call to a vendor may take."""
        return deadline_under(self.job_lease)

    @property
    def policy(self) -> Policy:
        """The rules of the shop that the core asks for."""
        return Policy(
            tolerance_percent=self.payment_tolerance_percent,
            order_expires=self.order_expires,
            link_expires=self.link_expires,
            link_max_views=self.link_max_views,
            payment_poll=self.payment_poll,
            supplier_poll=self.supplier_poll,
            supplier_quiet=self.supplier_quiet,
            repost=self.supplier_repost,
            retry_base=self.retry_base,
            lease=self.job_lease,
            price_rule=self.price_rule,
            budget=Budget(day_cap=self.spend_cap_per_day, floor=self.balance_floor),
        )
