"""The vault on R2 keeps the promises of the port, against a real S3 server (moto) behind a proxy that misbehaves."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from bitloot_adapters._shared.envelope import KeySealer, MasterKeys
from bitloot_adapters.r2 import R2Vault
from bitloot_core.testing.contracts.vault import OWNER, PICTURE, SERIAL, VaultContract
from bitloot_core.values.errors import Corrupt, InvalidInput, NotFound, Unavailable
from bitloot_core.values.ids import StorageRef
from harness.r2_world import SECRET_KEY, R2VaultWorld, opened
from harness.s3_proxy import Fault, Forward, S3Answer, S3Request, damage_answer, lose_answer, refuse, say


class TestR2Vault(VaultContract):
    """The suite, over S3."""

    @pytest.fixture
    async def world(self, r2: R2VaultWorld) -> R2VaultWorld:
        """An empty bucket."""
        return r2


class TestSaving:
    """A write has a condition, and counts when it was read back."""

    async def test_an_object_is_only_ever_made_new(self, r2: R2VaultWorld) -> None:
        """Chance cannot destroy a key."""
        await r2.vault.save_keys([(OWNER, SERIAL)])

        (put,) = (request for request in r2.proxy.seen if request.method == "PUT")
        assert put.headers["If-None-Match"] == "*"
        assert "Expect" not in put.headers
        assert not any("checksum" in name.lower() for name in put.headers)

    async def test_a_lost_answer_is_found_to_be_ours(self, r2: R2VaultWorld) -> None:
        """The client's repeat is answered 412, and the object is there, as it was written."""
        r2.proxy.plan(lose_answer, method="PUT")

        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])

        assert [request.method for request in r2.proxy.seen] == ["PUT", "PUT", "GET"]
        assert await r2.vault.open_keys([(ref, OWNER)]) == (SERIAL,)
        assert await r2.refs() == [ref]

    async def test_an_object_of_somebody_else_is_never_taken_for_ours(self, r2: R2VaultWorld) -> None:
        """A condition that is not met, and other bytes under the name: it stays as it is, and the save is repeated."""
        r2.proxy.plan(refuse(412, "PreconditionFailed"), method="PUT")
        r2.proxy.plan(say(b"somebody else's"), method="GET")

        with pytest.raises(Unavailable, match="another object"):
            await r2.vault.save_keys([(OWNER, SERIAL)])

        assert await r2.vault.save_keys([(OWNER, SERIAL)]) != ()

    @pytest.mark.parametrize("fault", [damage_answer, say(b""), say(b"<html>a login page</html>")])
    async def test_what_is_read_back_must_be_what_was_written(self, r2: R2VaultWorld, fault: Fault) -> None:
        """Whether it was the write or the read that went wrong: the name is not given out."""
        r2.proxy.plan(fault, method="GET")

        with pytest.raises(Corrupt):
            await r2.vault.save_keys([(OWNER, SERIAL)])

    async def test_a_write_that_was_only_said_to_be_done_does_not_count(self, r2: R2VaultWorld) -> None:
        """200, and nothing there."""
        r2.proxy.plan(say(b""), method="PUT")

        with pytest.raises(Corrupt, match="not there"):
            await r2.vault.save_keys([(OWNER, SERIAL)])

    async def test_one_failure_fails_the_whole_order(self, r2: R2VaultWorld) -> None:
        """All keys of a call are saved, or the call fails; what was saved meanwhile is an orphan."""
        r2.proxy.plan(refuse(400, "InvalidArgument"), method="PUT")

        with pytest.raises(Unavailable, match=r"400 \(InvalidArgument\)"):
            await r2.vault.save_keys([(OWNER, SERIAL)] * 20)

    async def test_calls_are_made_side_by_side_and_not_all_at_once(self, r2: R2VaultWorld) -> None:
        """A store turns away who asks too much; sixteen are enough to hide the way there."""
        now, most = 0, 0

        async def counted(request: S3Request, forward: Forward) -> S3Answer:
            """How many are under way."""
            nonlocal now, most
            now += 1
            most = max(most, now)
            answer = await forward(request)
            now -= 1
            return answer

        r2.proxy.plan(counted, times=None)

        await asyncio.gather(*(r2.vault.save_keys([(OWNER, SERIAL)] * 20) for _ in range(3)))

        assert 1 < most <= 16

    async def test_no_plaintext_leaves(self, r2: R2VaultWorld) -> None:
        """I7: neither the key nor the order stands in any request."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        await r2.vault.open_keys([(ref, OWNER)])

        for request in r2.proxy.seen:
            said = request.path.encode() + repr(request.headers).encode() + request.body
            for secret in ("CANARY", OWNER.order_id, OWNER.supplier_key_id):
                assert secret.encode() not in said

    async def test_the_objects_are_those_of_the_vault_on_disk(self, r2: R2VaultWorld) -> None:
        """A file that is copied into the bucket under its own name opens, and has the bucket's date."""
        ref = StorageRef("abcdefghijklmnopqrstuvwxyz234567")
        await r2.write(f"keys/{ref}", KeySealer(MasterKeys(r2.keys)).seal(OWNER, PICTURE))

        assert await r2.vault.open_keys([(ref, OWNER)]) == (PICTURE,)
        assert await r2.refs() == [ref]


class TestListing:
    """What lies in the bucket."""

    async def test_a_list_longer_than_a_page_is_whole(self, r2: R2VaultWorld) -> None:
        """Three at a time here, a thousand in a real bucket; each once, with its age by our clock."""
        refs = await r2.vault.save_keys([(OWNER, SERIAL)] * 10)

        stored = [one async for one in r2.vault.stored()]

        assert sorted(refs) == sorted(one.ref for one in stored)
        assert {one.saved_at for one in stored} == {r2.clock.now().replace(microsecond=0)}

    async def test_foreign_objects_are_left_alone(self, r2: R2VaultWorld) -> None:
        """Neither what lies beside our prefix nor what has another kind of name under it."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        for name in ("README", "keys/notes.txt", "keys/deep/" + "a" * 32, "backups/" + "a" * 32):
            await r2.write(name, b"x")

        assert await r2.refs() == [ref]

    async def test_a_token_that_may_not_list_says_so(self, r2: R2VaultWorld) -> None:
        """The operator reads which right is missing; the keys can still be used."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        r2.proxy.plan(refuse(403, "AccessDenied"), method="GET")

        with pytest.raises(Unavailable, match="list objects"):
            await r2.refs()

        assert await r2.vault.open_keys([(ref, OWNER)]) == (SERIAL,)

    async def test_a_lost_object_behind_a_missing_right_is_not_said_to_be_lost(self, r2: R2VaultWorld) -> None:
        """Without the right to list, S3 answers 403 for what is not there; that proves nothing."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        r2.proxy.plan(refuse(403, "AccessDenied"), method="GET")

        with pytest.raises(Unavailable):
            await r2.vault.open_keys([(ref, OWNER)])

    async def test_a_bucket_that_is_not_there_must_not_look_like_lost_keys(self, r2: R2VaultWorld) -> None:
        """A wrong R2_BUCKET is a mistake in the settings."""
        async with opened(r2.server, bucket="another") as bucket:
            vault = R2Vault(bucket, KeySealer(MasterKeys(r2.keys)), clock=r2.clock)

            with pytest.raises(Unavailable, match="R2_BUCKET"):
                await vault.open_keys([(StorageRef("a" * 32), OWNER)])
            with pytest.raises(Unavailable, match="R2_BUCKET"):
                await vault.save_keys([(OWNER, SERIAL)])
            with pytest.raises(Unavailable, match="R2_BUCKET"):
                [one async for one in vault.stored()]


class TestSignedUrls:
    """A URL of the sealed object, for staff and back-ups."""

    async def test_it_gives_the_sealed_object_without_an_account(self, r2: R2VaultWorld) -> None:
        """What comes is ciphertext."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])

        url = await r2.vault.signed_url(ref, expires=timedelta(minutes=5))

        async with aiohttp.ClientSession() as stranger, stranger.get(url.reveal()) as answer:
            assert await answer.read() == await r2.read(ref)
        assert "X-Amz-Expires=300" in url.reveal()
        assert SECRET_KEY not in url.reveal()
        assert ref not in repr(url)

    @pytest.mark.parametrize("expires", [timedelta(0), timedelta(seconds=-1), timedelta(days=7, seconds=1)])
    async def test_it_does_not_live_for_ever(self, r2: R2VaultWorld, expires: timedelta) -> None:
        """R2 signs for a week at most."""
        with pytest.raises(InvalidInput, match="expires"):
            await r2.vault.signed_url(StorageRef("a" * 32), expires=expires)

    async def test_it_leads_to_our_objects_only(self, r2: R2VaultWorld) -> None:
        """A name that no object of ours can have is not signed."""
        with pytest.raises(NotFound):
            await r2.vault.signed_url(StorageRef("../backups/x"), expires=timedelta(minutes=5))
