"""What an S3 store says when it does not do what it was asked, and what the operator reads."""

import logging
from datetime import timedelta

import attrs
import pytest

from bitloot_adapters._shared.envelope import KeySealer, MasterKeys
from bitloot_adapters.r2 import R2Vault
from bitloot_core.testing.contracts.vault import OTHER, OWNER, SERIAL
from bitloot_core.values.errors import Corrupt, NotFound, Unavailable
from bitloot_core.values.ids import StorageRef
from harness.r2_world import IMPATIENT, OLD, R2VaultWorld, opened
from harness.s3_proxy import lose_request, refuse, say, stall

LIST_CUT_SHORT = b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"


class TestRefusals:
    """What the store says, and what the operator reads."""

    @pytest.mark.parametrize(
        ("status", "code", "named"),
        [
            (403, "InvalidAccessKeyId", "R2_ACCESS_KEY_ID"),
            (403, "SignatureDoesNotMatch", "R2_SECRET_ACCESS_KEY"),
            (401, "Unauthorized", "R2_SECRET_ACCESS_KEY"),
            (403, "RequestTimeTooSkewed", "clock"),
            (404, "NoSuchBucket", "R2_BUCKET"),
            (404, "NotFound", "404"),
            (409, "ConditionalRequestConflict", "409"),
            (501, "NotImplemented", "501"),
            (403, "CANARY <&> not a code", "without a code"),
        ],
    )
    async def test_a_refusal_is_passing_and_says_what_to_do(
        self, r2: R2VaultWorld, status: int, code: str, named: str
    ) -> None:
        """Nothing is lost while the operator mends it."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        r2.proxy.plan(refuse(status, code.replace("<&>", "")), times=None)

        for call in (r2.vault.save_keys([(OWNER, SERIAL)]), r2.vault.open_keys([(ref, OWNER)])):
            with pytest.raises(Unavailable, match=named) as caught:
                await call
            assert "CANARY" not in str(caught.value)

    async def test_a_store_that_asks_to_wait_is_heard(self, r2: R2VaultWorld) -> None:
        """After the client's own repeat, the job waits as long as it was asked to."""
        r2.proxy.plan(refuse(503, "SlowDown", **{"Retry-After": "7"}), times=None)

        with pytest.raises(Unavailable) as caught:
            await r2.vault.save_keys([(OWNER, SERIAL)])

        assert caught.value.retry_after == timedelta(seconds=7)
        assert len(r2.proxy.seen) == 2

    async def test_a_moment_of_weakness_is_got_over(self, r2: R2VaultWorld) -> None:
        """One repeat of the client's own, for reads and writes."""
        r2.proxy.plan(refuse(500, "InternalError"), method="PUT")
        r2.proxy.plan(lose_request, method="GET")

        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])

        assert await r2.vault.open_keys([(ref, OWNER)]) == (SERIAL,)

    @pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
    async def test_a_slow_store_is_not_waited_for(self, r2: R2VaultWorld, method: str) -> None:
        """The whole operation has one deadline, and the worker gets its lease back."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        r2.proxy.plan(stall, method=method, times=None)

        async with opened(r2.proxy.url, deadlines=IMPATIENT) as bucket:
            vault = R2Vault(bucket, KeySealer(MasterKeys(r2.keys)), clock=r2.clock)
            with pytest.raises(Unavailable, match="too slow"):
                await (vault.discard([ref]) if method == "DELETE" else vault.save_keys([(OWNER, SERIAL)]))
            if method == "GET":
                with pytest.raises(Unavailable, match="too slow"):
                    [one async for one in vault.stored()]

    async def test_a_store_that_does_not_answer_at_all_is_not_waited_for(self, r2: R2VaultWorld) -> None:
        """The deadline of a single answer, with its one repeat."""
        r2.proxy.plan(stall, times=None)
        patient = attrs.evolve(IMPATIENT, answer=timedelta(seconds=0.2), operation=timedelta(seconds=20))

        async with opened(r2.proxy.url, deadlines=patient) as bucket:
            vault = R2Vault(bucket, KeySealer(MasterKeys(r2.keys)), clock=r2.clock)
            with pytest.raises(Unavailable, match="ReadTimeoutError"):
                await vault.save_keys([(OWNER, SERIAL)])

        assert len(r2.proxy.seen) == 2

    async def test_an_address_where_nobody_listens_is_a_passing_error(self, r2: R2VaultWorld) -> None:
        """Port 9 is nobody's."""
        async with opened("http://127.0.0.1:9") as bucket:
            vault = R2Vault(bucket, KeySealer(MasterKeys(r2.keys)), clock=r2.clock)

            with pytest.raises(Unavailable, match="EndpointConnectionError"):
                await vault.save_keys([(OWNER, SERIAL)])

    @pytest.mark.parametrize(
        "answer", [b"", b"<html>", b"<html/>", b"\xff\x00", b"<ListBucketResult><Contents><Key>x", LIST_CUT_SHORT]
    )
    async def test_a_list_that_is_none_is_a_passing_error(self, r2: R2VaultWorld, answer: bytes) -> None:
        """Never an empty vault: `reconcile` would take every key for lost."""
        await r2.vault.save_keys([(OWNER, SERIAL)])
        r2.proxy.plan(say(answer), method="GET", times=None)

        with pytest.raises(Unavailable):
            await r2.refs()

    async def test_an_object_larger_than_any_of_ours_is_not_read_to_its_end(self, r2: R2VaultWorld) -> None:
        """Memory is bounded, whatever lies in the bucket."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        r2.proxy.plan(say(bytes(5 << 20)), method="GET")

        with pytest.raises(Corrupt, match="larger"):
            await r2.vault.open_keys([(ref, OWNER)])

    async def test_nothing_secret_is_said(self, r2: R2VaultWorld, caplog: pytest.LogCaptureFixture) -> None:
        """Neither errors nor our logs nor a repr show a product key, a master key or the account's."""
        caplog.set_level(logging.DEBUG)
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        with pytest.raises(Corrupt) as corrupt:
            await r2.vault.open_keys([(ref, OTHER)])
        with pytest.raises(NotFound) as missing:
            await r2.vault.open_keys([(StorageRef("CANARY/.."), OWNER)])

        said = caplog.text + repr(r2.vault) + str(corrupt.value) + str(missing.value)

        for secret in ("CANARY", OLD.hex(), repr(OLD)):
            assert secret not in said
