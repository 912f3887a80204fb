"""Sealed webhook bodies: they open for the row that they belong to."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters._shared.envelope.wraps import Wrap
from bitloot_core.values.errors import Corrupt

OLD = hashlib.sha256(b"old master key").digest()
NEW = hashlib.sha256(b"new master key").digest()
SEALER = PayloadSealer(MasterKeys({"k1": OLD}))
ROW = ("kinguin", "5f" * 32)
BODY = b'{"reservationId":"R1","status":"ready","key":"CANARY-AAAAA"}'
CORRUPT = "inbox: a sealed payload does not open"
contexts = st.lists(st.text(), max_size=4).map(tuple)


def refused(sealer: PayloadSealer, context: tuple[str, ...], sealed: bytes) -> str:
    """The one error that an opening must end with, as text."""
    with pytest.raises(Corrupt) as caught:
        sealer.open(context, sealed)

    return str(caught.value)


@given(context=contexts, payload=st.binary(max_size=300))
def test_what_is_sealed_opens_in_its_context(context: tuple[str, ...], payload: bytes) -> None:
    """Any bytes come back as they were, none at all included."""
    assert payload == SEALER.open(context, SEALER.seal(context, payload))


@given(one=contexts, two=contexts)
def test_only_its_context_opens_a_payload(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    """A payload moved to another row does not open, however the two names are made."""
    sealed = SEALER.seal(one, BODY)

    if one == two:
        assert SEALER.open(two, sealed) == BODY
    else:
        assert refused(SEALER, two, sealed) == CORRUPT


def test_equal_payloads_look_different_when_sealed() -> None:
    """The data key is shared, the nonce is not."""
    sealed = {SEALER.seal(ROW, BODY)[-len(BODY) - 16 :] for _ in range(100)}

    assert len(sealed) == 100


def test_a_payload_outlives_the_process_that_sealed_it() -> None:
    """Another process with the same master keys opens it: the row carries its wrap."""
    sealed = SEALER.seal(ROW, BODY)

    assert PayloadSealer(MasterKeys({"k2": NEW, "k1": OLD})).open(ROW, sealed) == BODY


def test_each_flipped_bit_and_each_truncation_is_one_error() -> None:
    """Every bit counts, also those of a header that was seen before."""
    sealed = SEALER.seal(ROW, BODY)
    damaged = [
        sealed[:at] + bytes([sealed[at] ^ (1 << bit)]) + sealed[at + 1 :]
        for at in range(len(sealed))
        for bit in range(8)
    ]
    damaged += [sealed[:cut] for cut in range(len(sealed))] + [sealed + b"\0"]

    assert {refused(SEALER, ROW, one) for one in damaged} == {CORRUPT}


@given(garbage=st.binary(max_size=300))
def test_garbage_is_the_same_error(garbage: bytes) -> None:
    """Whatever a row holds, opening it raises Corrupt and nothing else."""
    assert refused(SEALER, ROW, garbage) == refused(SEALER, ROW, b"BLP1" + garbage) == CORRUPT


def test_a_master_key_that_we_do_not_have_is_the_same_error() -> None:
    """An unknown id, and a known id with other bytes, read like damage."""
    sealed = SEALER.seal(ROW, BODY)

    assert refused(PayloadSealer(MasterKeys({"k2": NEW})), ROW, sealed) == CORRUPT
    assert refused(PayloadSealer(MasterKeys({"k1": NEW})), ROW, sealed) == CORRUPT


def test_a_data_key_that_is_not_the_committed_one_does_not_open() -> None:
    """Whoever has the master key still cannot make one row that opens as two texts: the commitment is compared."""
    keys = MasterKeys({"k1": OLD})
    wrap = Wrap.around(bytes(32), bytes(32), keys=keys, purpose="inbox", opened=b"BLP1")

    assert refused(SEALER, ROW, b"BLP1" + wrap.write() + bytes(12 + 16 + len(BODY))) == CORRUPT


def test_another_purpose_does_not_open() -> None:
    """Sealers of two purposes share master keys and nothing else."""
    other = PayloadSealer(MasterKeys({"k1": OLD}), purpose="other")

    assert refused(other, ROW, SEALER.seal(ROW, BODY)) == CORRUPT


def test_a_data_key_is_replaced_in_time() -> None:
    """No data key seals more often than it may; what the earlier ones sealed still opens."""
    sealer = PayloadSealer(MasterKeys({"k1": OLD}), seals_per_data_key=3)

    sealed = [sealer.seal(ROW, BODY) for _ in range(300)]

    headers = [one[: -len(BODY) - 28] for one in sealed]
    assert max(headers.count(header) for header in headers) == 3
    assert {sealer.open(ROW, one) for one in sealed} == {BODY}


def test_memory_does_not_grow_with_the_rows_that_are_read() -> None:
    """Rows of many processes have many data keys; only some are remembered, and all of them open."""
    keys = MasterKeys({"k1": OLD})
    rows = [PayloadSealer(keys).seal(ROW, BODY) for _ in range(80)]
    reader = PayloadSealer(keys)

    opened = [reader.open(ROW, row) for row in rows + rows]

    assert set(opened) == {BODY}


def test_threads_may_share_a_sealer() -> None:
    """A database thread and the event loop seal and open at the same time."""
    sealer = PayloadSealer(MasterKeys({"k1": OLD}), seals_per_data_key=5)

    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: sealer.open(ROW, sealer.seal(ROW, BODY)), range(400)))

    assert set(opened) == {BODY}


def test_nothing_prints_a_secret() -> None:
    """Neither the sealer nor its errors show a key or a body."""
    seen = repr(SEALER) + str(SEALER) + refused(SEALER, ("kinguin", "other"), SEALER.seal(ROW, BODY))

    for secret in (OLD.hex(), repr(OLD), "CANARY", "5f5f"):
        assert secret not in seen


def test_a_rewrapped_payload_needs_the_old_master_key_no_more() -> None:
    """The wrap is another, the payload is not; and what is under the newest one already is left alone."""
    old, both, new = (PayloadSealer(MasterKeys(keys)) for keys in ({"k1": OLD}, {"k2": NEW, "k1": OLD}, {"k2": NEW}))
    sealed = old.seal(ROW, BODY)

    rewrapped = both.rewrap(sealed)

    assert rewrapped is not None
    assert new.open(ROW, rewrapped) == BODY
    assert (both.key_id_of(sealed), both.key_id_of(rewrapped)) == ("k1", "k2")
    assert (both.rewrap(rewrapped), new.rewrap(rewrapped)) == (None, None)


def test_payloads_of_one_data_key_share_their_new_wrap() -> None:
    """So that a million rows cost one unwrapping, and are opened as quickly afterwards."""
    old, both = PayloadSealer(MasterKeys({"k1": OLD})), PayloadSealer(MasterKeys({"k2": NEW, "k1": OLD}))
    headers = {(both.rewrap(old.seal(ROW, bytes([number]))) or b"")[: -12 - 1 - 16] for number in range(3)}

    assert len(headers) == 1
    assert headers != {b""}


@pytest.mark.parametrize("keys", [{"k2": NEW}, {"k2": NEW, "k1": NEW[::-1]}])
def test_what_does_not_unwrap_is_not_rewrapped(keys: dict[str, bytes]) -> None:
    """Nor does anything say why; under which key it is, it says itself."""
    sealed, sealer = SEALER.seal(ROW, BODY), PayloadSealer(MasterKeys(keys))

    with pytest.raises(Corrupt) as caught:
        sealer.rewrap(sealed)

    assert str(caught.value) == CORRUPT
    assert sealer.key_id_of(sealed) == "k1"


@pytest.mark.parametrize("nonsense", [b"", b"BLP1", b"BLK1" + b"x" * 200, b"BLP1\x02k1" + b"x" * 50])
def test_what_is_not_sealed_is_under_no_master_key(nonsense: bytes) -> None:
    """Cut off, of another kind, or nothing at all."""
    for read in (SEALER.rewrap, SEALER.key_id_of):
        with pytest.raises(Corrupt):
            read(nonsense)


def test_a_damaged_wrap_is_found_although_it_is_under_the_newest_key() -> None:
    """A rotation that says that nothing is left to do has looked."""
    sealed = bytearray(SEALER.seal(ROW, BODY))
    sealed[60] ^= 1

    with pytest.raises(Corrupt):
        SEALER.rewrap(bytes(sealed))
