"""The settings of the alerts: off by default, and never half on."""

import base64
from collections.abc import Mapping

import pytest
from http_world import ENOUGH

from bitloot_core.testing.alerts import FakeAlertChannel
from bitloot_core.testing.mailer import FakeMailer
from bitloot_http.alert_channels import channel_ids, channels_of
from bitloot_http.reading_settings import SettingsInvalid, read_settings

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
URL = "https://hooks.example/a?token=CANARY"
HOOK = {"ALERT_WEBHOOK_URL": URL, "ALERT_WEBHOOK_SECRET": SECRET}


def problems(changes: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with these settings, by name."""
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({**ENOUGH, **changes})
    return {one.name: one.reason for one in caught.value.problems}


def names(changes: Mapping[str, str]) -> list[str]:
    """The channels that they open."""
    settings = read_settings({**ENOUGH, **changes})
    channels = channels_of(settings, FakeMailer(), lambda: FakeAlertChannel("webhook"))
    assert [one.id.name for one in channels] == [one.name for one in channel_ids(settings)]
    return [one.id.name for one in channels]


@pytest.mark.parametrize(
    ("changes", "opened"),
    [
        ({}, []),
        ({"ALERT_EMAIL": "ops@example.com"}, ["mail"]),
        (HOOK, ["webhook"]),
        ({**HOOK, "ALERT_EMAIL": "ops@example.com"}, ["mail", "webhook"]),
    ],
)
def test_each_setting_opens_its_channel(changes: Mapping[str, str], opened: list[str]) -> None:
    """None by default."""
    assert names(changes) == opened


def test_the_mail_channel_is_known_by_its_address() -> None:
    """The doctor and the metrics ask for it under the name that it sends under."""
    settings = read_settings({**ENOUGH, "ALERT_EMAIL": "ops@example.com"})
    (channel,) = channels_of(settings, FakeMailer(), FakeAlertChannel)

    assert (channel.id,) == channel_ids(settings)
    assert "ops" not in repr(channel.id)


def test_while_a_secret_is_replaced_there_are_two() -> None:
    """In the order in which they stand."""
    settings = read_settings({**ENOUGH, **HOOK, "ALERT_WEBHOOK_SECRET": f"{SECRET}, {OTHER}"})

    assert settings.alert_webhook_secret is not None
    assert [one.reveal() for one in settings.alert_webhook_secret] == [SECRET, OTHER]


@pytest.mark.parametrize("missing", HOOK)
def test_a_webhook_is_never_half_set(missing: str) -> None:
    """A URL without a secret would be believed by nobody, and a secret without a URL leads nowhere."""
    half = {name: text for name, text in HOOK.items() if name != missing}

    assert "is missing" in problems(half)[missing]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/a",
        "ftp://hooks.example",
        "hooks.example/a",
        "https://user:CANARY@hooks.example",
        "https://hooks.example/a#part",
        "https://hooks.example/a?b#part",
        "https://hooks.example/a?b c",
        "https://",
    ],
)
def test_alerts_go_over_https_to_a_plain_address(url: str) -> None:
    """Http only on loopback; what was written is not repeated."""
    told = problems({**HOOK, "ALERT_WEBHOOK_URL": url})

    assert list(told) == ["ALERT_WEBHOOK_URL"]
    assert "CANARY" not in str(told)


@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8088/hook", "http://localhost/x?y=z"])
def test_a_url_is_kept_as_it_is(url: str) -> None:
    """Its query often holds a token, so it is shown nowhere."""
    settings = read_settings({**ENOUGH, **HOOK, "ALERT_WEBHOOK_URL": url})

    assert settings.alert_webhook_url is not None
    assert settings.alert_webhook_url.reveal() == url
    assert url not in repr(settings)


@pytest.mark.parametrize(
    "secret",
    [
        "CANARY",
        "whsec_",
        "whsec_!!!!",
        SECRET.removeprefix("whsec_"),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        f"{SECRET},",
        f"{SECRET},whsec_short",
    ],
)
def test_a_secret_has_the_form_of_the_specification(secret: str) -> None:
    """Each of several; and it is not repeated."""
    told = problems({**HOOK, "ALERT_WEBHOOK_SECRET": secret})

    assert list(told) == ["ALERT_WEBHOOK_SECRET"]
    assert "CANARY" not in str(told)


@pytest.mark.parametrize("address", ["ops", "ops@", "a@example.com, b@example.com", "Ops <ops@example.com>"])
def test_an_address_is_one_mailbox(address: str) -> None:
    """Several people have a list of their own."""
    assert list(problems({"ALERT_EMAIL": address})) == ["ALERT_EMAIL"]
