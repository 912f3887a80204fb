"""The master keys: read strictly, explained by number, never shown."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_adapters._shared.envelope import MasterKeys
from bitloot_core.values.errors import InvalidInput

CANARY = bytes(range(200, 232))
OTHER = bytes(range(32))


def encoded(key: bytes) -> str:
    """A key as the setting has it."""
    return base64.b64encode(key).decode()


def test_the_first_key_seals_and_all_open() -> None:
    """The order of the setting is the order of age, newest first."""
    keys = MasterKeys.parse(f"k2:{encoded(CANARY)}, k1:{encoded(OTHER)} ")

    assert keys.newest == "k2"
    assert keys.ids == ("k2", "k1")


def test_both_alphabets_are_read() -> None:
    """Secret stores hand out either base64 alphabet; the key is the same."""
    url_safe = base64.urlsafe_b64encode(CANARY).decode()

    sealed = MasterKeys.parse(f"k1:{encoded(CANARY)}").wrapper("k1", "p").encrypt(bytes(12), b"x", None)

    assert MasterKeys.parse(f"k1:{url_safe}").wrapper("k1", "p").decrypt(bytes(12), sealed, None) == b"x"


@given(key_id=st.from_regex(r"[A-Za-z0-9._-]{1,32}", fullmatch=True), key=st.binary(min_size=32, max_size=32))
def test_an_entry_is_read_as_it_was_written(key_id: str, key: bytes) -> None:
    """`vault generate-key` prints what the setting takes."""
    assert MasterKeys.parse(MasterKeys.entry(key_id, key)).ids == (key_id,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "entry 1 is empty"),
        (f"k1:{encoded(CANARY)},", "entry 2 is empty"),
        (encoded(CANARY), "entry 1 is not of the form id:base64"),
        (f"k1:{encoded(OTHER)},{encoded(CANARY)}:k2", "entry 2 is not base64"),
        (f":{encoded(CANARY)}", "entry 1 has an id that is not"),
        (f"k 1:{encoded(CANARY)}", "entry 1 has an id that is not"),
        (f"k1:{encoded(OTHER)},k1:{encoded(CANARY)}", "entry 2 repeats an id"),
        (f"k1:{encoded(CANARY)[:-2]}", "entry 1 is not base64"),
        (f"k1:{encoded(CANARY)}é", "entry 1 is not base64"),
        (f"k1:{encoded(CANARY[:31])}", "entry 1 does not hold 32 bytes"),
        (f"k1:{encoded(CANARY + CANARY)}", "entry 1 does not hold 32 bytes"),
        (f"k1:{encoded(CANARY)},k2:{encoded(CANARY)}", "holds the same key under two ids"),
    ],
)
def test_a_malformed_setting_is_explained_without_repeating_it(text: str, reason: str) -> None:
    """The operator learns which entry is wrong and why; the log learns no key."""
    with pytest.raises(InvalidInput) as caught:
        MasterKeys.parse(text)

    assert caught.value.field == "VAULT_KEYS"
    assert caught.value.reason.startswith(reason)
    assert encoded(CANARY)[:6] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_keys_at_all_are_refused() -> None:
    """A library user who passes an empty mapping learns it at once."""
    with pytest.raises(InvalidInput, match="holds no key"):
        MasterKeys({})


def test_keys_are_not_printed() -> None:
    """The repr names the ids and hides the keys, also inside a container."""
    keys = MasterKeys({"k1": CANARY})

    assert repr([keys]) == "[MasterKeys(k1:***)]"
    assert str(keys) == "MasterKeys(k1:***)"


def test_purposes_do_not_share_a_key() -> None:
    """What was wrapped for one purpose does not unwrap for another."""
    keys = MasterKeys({"k1": CANARY})

    assert keys.wrapper("k1", "a").encrypt(bytes(12), b"x", None) != keys.wrapper("k1", "b").encrypt(
        bytes(12), b"x", None
    )
