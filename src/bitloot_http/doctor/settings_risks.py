"""
What the settings say about themselves: everything in them can be used, and some of it should not be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import combinations
from urllib.parse import urlsplit

from bitloot_core.order.policy import Repost
from bitloot_core.values.secret import Secret
from bitloot_http.doctor.diagnosis import Diagnosis, ok, warning
from bitloot_http.doctor.strength import weakness
from bitloot_http.reading_settings import variables
from bitloot_http.settings import Settings
from bitloot_http.variables import is_loopback, read_master_keys

_OURS = ("KINGUIN_", "NOWPAYMENTS_", "R2_", "VAULT_", "SUPPLIER_", "PAYMENT_POLL", "PAYMENT_TOLERANCE")
"""How names begin that nobody else gives."""
_MOST_TOLERANCE = 2
_SAFE_QUIET = timedelta(minutes=15)
_SAFE_LEASE = timedelta(seconds=60)
_SHORTEST_OF_VENDORS = 16
_MAKE_ANEW = "Make another: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def risks(settings: Settings, *, environ: Mapping[str, str], dotenv: Mapping[str, str]) -> Iterator[Diagnosis]:
    """
    Whatever is risky about settings that can be used; one good line if nothing is.

    Args:
        environ: what they were read from, `.env` included.
        dotenv: what stands in `.env` alone: every name in it is meant for us.
    """
    found = [
        *_names(environ, dotenv),
        *_addresses(settings),
        *_secrets(settings),
        *_way_in(settings),
        *_mail(settings),
        *_alerts(settings),
        *_money(settings),
        *_clocks(settings),
    ]
    yield from found or (ok("settings", "Every variable can be used, and none is risky."),)


def _names(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> Iterator[Diagnosis]:
    known = {described.name for described in variables()}
    meant = {*dotenv, *(name for name in environ if name.startswith(_OURS))}
    for name in sorted(meant - known):
        yield warning(name, "It is set, and is none of ours.", "A slip in the name? See docs/configuration.md.")


def _addresses(settings: Settings) -> Iterator[Diagnosis]:
    for name, address in (
        ("KINGUIN_BASE_URL", settings.kinguin_base_url),
        ("NOWPAYMENTS_BASE", settings.nowpayments_base),
        ("R2_ENDPOINT", settings.r2_endpoint or "https://"),
    ):
        host = urlsplit(address).hostname or ""
        if address.startswith("http://"):
            yield warning(
                name, f"It is plain http, to {host}: a simulator?", "Right for a trial. Use https:// to sell."
            )
        elif "sandbox" in host:
            yield warning(name, f"{host} is a sandbox: nothing there is real.", "Right for a trial, not to sell.")
    public = urlsplit(settings.public_url)
    if is_loopback(public.hostname or ""):
        text = f"{settings.public_url} is reached from this machine alone: no buyer, no webhook."
        yield warning("PUBLIC_URL", text, "Right for a trial. To sell, set the https:// address that buyers see.")


def _secrets(settings: Settings) -> Iterator[Diagnosis]:
    made_here = tuple(_made_here(settings))
    for name, secret in made_here:
        if (why := weakness(secret)) is not None:
            yield warning(name, f"It {why}, and could be guessed.", _MAKE_ANEW)
    for (one, mine), (other, theirs) in combinations(made_here, 2):
        if one != other and mine == theirs:
            yield warning(one, f"It is the same as {other}: whoever learns one has both.", _MAKE_ANEW)
    for name, given in (
        ("KINGUIN_API_KEY", settings.kinguin_api_key),
        ("NOWPAYMENTS_API_KEY", settings.nowpayments_api_key),
        ("NOWPAYMENTS_IPN_SECRET", settings.nowpayments_ipn_secret),
    ):
        if any(len(part) < _SHORTEST_OF_VENDORS for part in _parts(given)):
            yield warning(
                name, "It is shorter than any that the vendor gives out.", "Copy it whole from the dashboard."
            )
    for key_id, key in read_master_keys(settings.vault_keys.reveal()).items():
        if (why := weakness(key)) is not None:
            text = f"{key_id} {why}: it was not drawn by chance."
            yield warning("VAULT_KEYS", text, "Put a fresh one in front (`bitloot vault generate-key`), then rotate.")
    if settings.admin_token is not None:
        text = "It opens everything to whoever has it, and the audit names nobody."
        advice = "Make a token for each of the staff (`bitloot admin create-token`), then remove it."
        yield warning("ADMIN_TOKEN", text, advice)


def _made_here(settings: Settings) -> Iterator[tuple[str, str]]:
    """The secrets that the operator made up, each part of one that has several."""
    several: tuple[tuple[str, tuple[Secret | None, ...]], ...] = (
        ("KINGUIN_WEBHOOK_SECRET", (settings.kinguin_webhook_secret,)),
        ("KINGUIN_EVENT_SECRET", (settings.kinguin_event_secret,)),
        ("LINK_SECRET", settings.link_secret),
        ("ADMIN_TOKEN", (settings.admin_token,)),
        ("METRICS_TOKEN", (settings.metrics_token,)),
    )
    return ((name, part) for name, secrets in several for secret in secrets for part in _parts(secret))


def _parts(secret: Secret | None) -> tuple[str, ...]:
    return () if secret is None else tuple(part.strip() for part in secret.reveal().split(","))


def _way_in(settings: Settings) -> Iterator[Diagnosis]:
    is_public = not is_loopback(urlsplit(settings.public_url).hostname or "")
    if is_public and not settings.trusted_proxies:
        text = "Nobody is trusted, so behind a proxy every buyer has the proxy's address: in the audit, and in limits."
        yield warning("TRUSTED_PROXIES", text, "Name the proxy in front: 127.0.0.1, if it runs on this machine.")
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        text = "Everybody is trusted, so everybody can claim any address, this machine's included."
        yield warning("TRUSTED_PROXIES", text, "Name the proxy alone.")
    if not is_loopback(settings.host):
        text = f"It listens on {settings.host}, and speaks plain http: what comes past the proxy is in the open."
        yield warning("HOST", text, "127.0.0.1, if the proxy is on this machine; else let nobody but it through.")
    if settings.orders_per_minute_per_address == 0:
        text = "One address may place as many orders as it likes."
        yield warning("ORDERS_PER_MINUTE_PER_ADDRESS", text, "Set a limit: 30, say.")
    if settings.nowpayments_rate_per_second == 0:
        text = "NOWPayments is asked as often as we like; it locks out whoever asks too often."
        yield warning("NOWPAYMENTS_RATE_PER_SECOND", text, "2 has been enough, and was never refused.")


def _mail(settings: Settings) -> Iterator[Diagnosis]:
    if settings.smtp_url is None:
        text = f"It is not set: mails are written to {settings.mail_dir.absolute()}, and no buyer gets one."
        yield warning("SMTP_URL", text, "Right for a trial. To sell, name your mail server.")
        return
    parts = urlsplit(settings.smtp_url.reveal())
    if parts.scheme == "smtp" and parts.username is None and not is_loopback(parts.hostname or "") and not parts.query:
        text = "Mails go in the clear if the server does not offer encryption, and links with them."
        yield warning("SMTP_URL", text, "Use smtps://, or add ?starttls=required.")


def _alerts(settings: Settings) -> Iterator[Diagnosis]:
    if settings.alert_email is None and settings.alert_webhook_url is None:
        text = "Nobody is told of what needs a person: neither it nor ALERT_WEBHOOK_URL is set."
        yield warning("ALERT_EMAIL", text, "Set one of them, then try it: bitloot alerts test.")
    if any(weakness(one.reveal()) is not None for one in settings.alert_webhook_secret or ()):
        text = "It was not drawn by chance, and could be guessed."
        yield warning("ALERT_WEBHOOK_SECRET", text, "Make another: echo whsec_$(openssl rand -base64 32)")


def _money(settings: Settings) -> Iterator[Diagnosis]:
    if settings.payment_tolerance_percent > _MOST_TOLERANCE:
        text = f"Payments settle that are {settings.payment_tolerance_percent} per cent short."
        yield warning("PAYMENT_TOLERANCE_PERCENT", text, "0.5 covers what rates and rounding take.")
    if settings.payment_tolerance_percent == 0:
        text = "A payment that is short by a rounding does not settle by itself."
        yield warning("PAYMENT_TOLERANCE_PERCENT", text, "0.5 covers what rates and rounding take.")
    if settings.spend_cap_per_day is None:
        text = "Nothing limits what is spent at the supplier in a day."
        yield warning("SPEND_CAP_PER_DAY", text, "Set it well above a good day: it stops a bad one.")


def _clocks(settings: Settings) -> Iterator[Diagnosis]:
    if settings.supplier_quiet < _SAFE_QUIET and settings.supplier_repost is Repost.AUTO:
        text = "A purchase without an answer is asked for again so soon that the first one may still be carried out."
        yield warning("SUPPLIER_QUIET_SECONDS", text, "900 or more; or SUPPLIER_REPOST=operator.")
    if settings.job_lease < _SAFE_LEASE:
        text = "A job is given to another worker while a slow vendor is still being waited for."
        yield warning("JOB_LEASE_SECONDS", text, "120 has been enough for everything.")
