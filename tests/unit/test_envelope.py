"""Sealed product keys: they open for their owner, whole and untouched, and in no other case."""

import hashlib
import json
from collections.abc import Callable

import attrs
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from bitloot_adapters._shared.envelope import KeySealer, MasterKeys
from bitloot_adapters._shared.envelope.derivation import canonical, committed_key
from bitloot_core.values.errors import Corrupt
from bitloot_core.values.ids import OrderId, SupplierKeyId, UnitId
from bitloot_core.values.keys import PICTURES, TEXT, KeyMaterial, KeyOwner

OLD = hashlib.sha256(b"old master key").digest()
NEW = hashlib.sha256(b"new master key").digest()
BEFORE = KeySealer(MasterKeys({"k1": OLD}))
DURING = KeySealer(MasterKeys({"k2": NEW, "k1": OLD}))
AFTER = KeySealer(MasterKeys({"k2": NEW}))
OWNER = KeyOwner(order_id=OrderId("o7"), unit_id=UnitId("1.1"), supplier_key_id=SupplierKeyId("sk-1"))
SERIAL = KeyMaterial.of_text("CANARY-AAAAA-BBBBB")
HEADER_BYTES = 4 + 1 + len(TEXT)
"""Magic and media type; the wrap follows: id, commitment 32, nonce 12, wrapped data key 48."""
WRAP_BYTES = 1 + len("k1") + 32 + 12 + 48

owners = st.builds(
    KeyOwner,
    order_id=st.text().map(OrderId),
    unit_id=st.text().map(UnitId),
    supplier_key_id=st.text().map(SupplierKeyId),
)
materials = st.builds(
    KeyMaterial, content=st.binary(min_size=1, max_size=300), media_type=st.sampled_from(sorted(PICTURES | {TEXT}))
)


def refused(opening: Callable[[], object]) -> str:
    """The one error that an opening must end with, as text."""
    with pytest.raises(Corrupt) as caught:
        opening()

    return str(caught.value)


@given(owner=owners, material=materials)
def test_what_is_sealed_opens_for_its_owner(owner: KeyOwner, material: KeyMaterial) -> None:
    """Any key of any owner comes back as it was, media type included."""
    sealed = BEFORE.seal(owner, material)

    assert material == BEFORE.open(owner, sealed)


@given(material=materials)
def test_equal_keys_look_different_when_sealed(material: KeyMaterial) -> None:
    """Two seals share only what stands in the open, so equal keys cannot be told."""
    one, two = BEFORE.seal(OWNER, material), BEFORE.seal(OWNER, material)
    begin = 4 + 1 + len(material.media_type) + 1 + len("k1")

    assert one[:begin] == two[:begin]
    assert one[begin:][:32] != two[begin:][:32]
    assert one[-16:] != two[-16:]


def test_the_plaintext_is_not_in_the_object() -> None:
    """Neither the key nor its owner can be read from the object."""
    sealed = BEFORE.seal(OWNER, SERIAL)

    for secret in (SERIAL.content, b"o7", b"sk-1"):
        assert secret not in sealed


def test_each_flipped_bit_is_one_error() -> None:
    """Every single bit of an object counts, and the error never says which."""
    sealed = BEFORE.seal(OWNER, SERIAL)

    texts = {
        refused(lambda damaged=damaged: BEFORE.open(OWNER, damaged))
        for at in range(len(sealed))
        for damaged in (sealed[:at] + bytes([sealed[at] ^ (1 << bit)]) + sealed[at + 1 :] for bit in range(8))
    }

    assert texts == {"vault: a sealed object does not open"}


def test_each_truncation_is_one_error() -> None:
    """An object that was cut off anywhere, or to which something was added, does not open."""
    sealed = BEFORE.seal(OWNER, SERIAL)

    texts = {refused(lambda cut=cut: BEFORE.open(OWNER, sealed[:cut])) for cut in range(len(sealed))}

    assert texts == {"vault: a sealed object does not open"}
    assert refused(lambda: BEFORE.open(OWNER, sealed + b"\0")) in texts


@given(garbage=st.binary(max_size=400))
def test_garbage_is_the_same_error(garbage: bytes) -> None:
    """Whatever lies in the vault, opening it raises Corrupt and nothing else; so do the other readers of a header."""
    assert refused(lambda: DURING.open(OWNER, garbage)) == refused(lambda: DURING.open(OWNER, b"BLK1" + garbage))
    assert refused(lambda: DURING.rewrap(b"BLK1" + garbage)) == refused(lambda: DURING.key_id_of(garbage))


@pytest.mark.parametrize("field", ["order_id", "unit_id", "supplier_key_id"])
def test_an_object_moved_to_another_owner_does_not_open(field: str) -> None:
    """I4: each part of the owner is bound in."""
    sealed = BEFORE.seal(OWNER, SERIAL)

    assert refused(lambda: BEFORE.open(attrs.evolve(OWNER, **{field: "x"}), sealed))


@given(one=owners, two=owners)
def test_only_the_owner_opens(one: KeyOwner, two: KeyOwner) -> None:
    """Two owners are told apart whatever characters their names are made of."""
    sealed = BEFORE.seal(one, SERIAL)

    if one == two:
        assert BEFORE.open(two, sealed) == SERIAL
    else:
        assert refused(lambda: BEFORE.open(two, sealed))


def test_names_that_run_into_each_other_are_different_owners() -> None:
    """`o7` + `1.1` is not `o71` + `.1`, although the letters are the same."""
    sealed = BEFORE.seal(OWNER, SERIAL)
    shifted = attrs.evolve(OWNER, order_id=OrderId("o71"), unit_id=UnitId(".1"))

    assert refused(lambda: BEFORE.open(shifted, sealed))


def test_another_media_type_does_not_open() -> None:
    """A picture cannot be passed off as text, nor the other way round: the type is bound in."""
    sealed = BEFORE.seal(OWNER, attrs.evolve(SERIAL, media_type="image/png"))
    relabelled = sealed.replace(b"\x09image/png", b"\x09image/gif")

    assert relabelled != sealed
    assert refused(lambda: BEFORE.open(OWNER, relabelled))


def test_a_wrap_of_another_object_does_not_open() -> None:
    """A wrap belongs to its object: moved as a whole, or only its data key, it opens nothing."""
    mine, other = BEFORE.seal(OWNER, SERIAL), BEFORE.seal(OWNER, SERIAL)
    wrap = slice(HEADER_BYTES, HEADER_BYTES + WRAP_BYTES)
    data_key = slice(wrap.stop - 60, wrap.stop)

    for part in (wrap, data_key):
        swapped = mine[: part.start] + other[part] + mine[part.stop :]
        assert refused(lambda swapped=swapped: BEFORE.open(OWNER, swapped))


def test_a_master_key_that_we_do_not_have_is_the_same_error() -> None:
    """An unknown id, and a known id with other bytes, read like damage."""
    sealed = BEFORE.seal(OWNER, SERIAL)
    impostor = KeySealer(MasterKeys({"k1": NEW}))

    assert refused(lambda: AFTER.open(OWNER, sealed)) == refused(lambda: impostor.open(OWNER, sealed))
    assert refused(lambda: AFTER.rewrap(sealed)) == refused(lambda: impostor.rewrap(sealed))


@given(owner=owners, material=materials)
def test_rewrap_replaces_only_the_wrap(owner: KeyOwner, material: KeyMaterial) -> None:
    """After a rotation the object opens under the new master key alone, and its content was not touched."""
    sealed = BEFORE.seal(owner, material)

    rewrapped = DURING.rewrap(sealed)

    assert rewrapped is not None
    assert material == AFTER.open(owner, rewrapped)
    assert sealed[-(12 + len(material.content) + 16) :] == rewrapped[-(12 + len(material.content) + 16) :]
    assert DURING.key_id_of(rewrapped) == "k2"


def test_rewrap_leaves_the_newest_alone() -> None:
    """An object under the newest master key needs no writing."""
    assert DURING.rewrap(DURING.seal(OWNER, SERIAL)) is None


def test_a_rewrapped_object_is_still_bound_to_its_owner() -> None:
    """Rotation does not know the owner, and does not lose it either."""
    rewrapped = DURING.rewrap(BEFORE.seal(OWNER, SERIAL))

    assert rewrapped is not None
    assert refused(lambda: AFTER.open(attrs.evolve(OWNER, order_id=OrderId("o8")), rewrapped))


def test_an_object_in_the_first_format_opens() -> None:
    """Golden object: what was sealed with format 1 opens in every later version."""
    golden = bytes.fromhex(
        "424c4b310a746578742f706c61696e026b312335611366cac49acd39ec96569015d8c6d36f4aa51b2867797cdde748c00c70"
        "cc70fb95674e80f052130a8e71909143c76aca19fe06b8010236c01b8680519e195193c44c9a6c95a07e01c1a00703a561f8"
        "7b767c96e52341f69017962d2df179d0f1e8b045c59583879495d8001a89d82ec1d12e202d1cb1072f2d1f5b947bdc4eeb51"
        "1a1de21a99d1"
    )

    assert BEFORE.open(OWNER, golden) == SERIAL


@given(one=st.lists(st.text()), two=st.lists(st.text()))
def test_a_context_has_one_form_and_no_other_has_it(one: list[str], two: list[str]) -> None:
    """Contexts are equal exactly if their texts are."""
    assert (one == two) == (canonical(*one) == canonical(*two))
    assert one == json.loads(canonical(*one))


@given(data_key=st.binary(min_size=32, max_size=32), context=st.binary(max_size=100))
def test_the_commitment_is_hkdf_sha512_over_key_and_context(data_key: bytes, context: bytes) -> None:
    """**Source:** AWS Encryption SDK, suites 0x0478 and 0x0578: one HKDF-SHA-512 gives key and commitment."""
    expected = HKDF(algorithm=hashes.SHA512(), length=64, salt=None, info=context).derive(data_key)

    actual = committed_key(data_key, context)

    assert expected == actual.encryption + actual.commitment


def test_nothing_prints_a_secret() -> None:
    """Neither the sealer nor its errors show a master key, a product key or an owner."""
    seen = repr(DURING) + str(DURING) + refused(lambda: AFTER.open(OWNER, BEFORE.seal(OWNER, SERIAL)))

    for secret in (OLD.hex(), repr(OLD), NEW.hex(), repr(NEW), "CANARY", "o7", "sk-1"):
        assert secret not in seen
