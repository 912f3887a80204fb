"""Wrapping the objects of a bucket anew: a new wrap takes the place of the old one, and nothing else does."""

import asyncio

import pytest

from bitloot_core.ports.vault import Rotation
from bitloot_core.testing.contracts.vault import OWNER, SERIAL
from bitloot_core.values.errors import Corrupt, NotFound, Unavailable
from harness.r2_world import R2VaultWorld
from harness.s3_proxy import Forward, S3Answer, S3Request, lose_answer, refuse


class TestRotating:
    """A new wrap takes the place of the old one, and nothing else does."""

    async def test_a_rotation_that_wrote_something_else_changes_nothing(self, r2: R2VaultWorld) -> None:
        """The new wrap is written beside the old one, and looked at, before the old one is given up."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        await r2.add_master_key()
        await r2.damage_next_save()

        with pytest.raises(Corrupt):
            await r2.vault.rotate(ref)

        assert await r2.vault.open_keys([(ref, OWNER)]) == (SERIAL,)

    async def test_damage_in_the_last_step_leaves_a_whole_copy(self, r2: R2VaultWorld) -> None:
        """The one moment at which the object itself can be lost: the error names where it is still whole."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        await r2.add_master_key()
        r2.proxy.plan(lambda request, forward: forward(request), method="PUT")
        await r2.damage_next_save()

        with pytest.raises(Corrupt, match="whole copy") as caught:
            await r2.vault.rotate(ref)

        (copy,) = set(await r2.refs()) - {ref}
        assert copy in str(caught.value)
        assert await r2.vault.open_keys([(copy, OWNER)]) == (SERIAL,)

    async def test_a_lost_answer_is_found_to_be_ours(self, r2: R2VaultWorld) -> None:
        """The repeat no longer meets the condition, because the first try was carried out."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        await r2.add_master_key()
        r2.proxy.plan(lambda request, forward: forward(request), method="PUT")
        r2.proxy.plan(lose_answer, method="PUT")

        assert (await r2.vault.rotate(ref)).is_written

        await r2.drop_old_master_keys()
        assert await r2.vault.open_keys([(ref, OWNER)]) == (SERIAL,)
        assert await r2.refs() == [ref]

    async def test_two_rotations_at_once_leave_one_whole_object(self, r2: R2VaultWorld) -> None:
        """One of them may have to be repeated; the object is under the newest key, and nothing is left over."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        await r2.add_master_key()

        ends = await asyncio.gather(*(r2.vault.rotate(ref) for _ in range(5)), return_exceptions=True)

        rotations = [end for end in ends if isinstance(end, Rotation)]
        assert sum(rotation.is_written for rotation in rotations) == 1
        assert all(isinstance(end, Rotation | Unavailable) for end in ends)
        await r2.drop_old_master_keys()
        assert await r2.vault.open_keys([(ref, OWNER)]) == (SERIAL,)
        assert await r2.refs() == [ref]

    async def test_a_rotation_brings_nothing_back(self, r2: R2VaultWorld) -> None:
        """An object that is discarded while it is wrapped anew stays gone."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        await r2.add_master_key()

        async def discarded_meanwhile(request: S3Request, forward: Forward) -> S3Answer:
            """After the copy is written."""
            answer = await forward(request)
            await r2.lose(ref)
            return answer

        r2.proxy.plan(discarded_meanwhile, method="PUT")

        with pytest.raises(NotFound):
            await r2.vault.rotate(ref)

        assert await r2.refs() == []

    async def test_a_copy_that_cannot_be_removed_is_left_for_reconcile(self, r2: R2VaultWorld) -> None:
        """The rotation itself is done."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        await r2.add_master_key()
        r2.proxy.plan(refuse(403, "AccessDenied"), method="DELETE")

        assert (await r2.vault.rotate(ref)).is_written

        assert len(await r2.refs()) == 2

    async def test_only_objects_that_need_it_are_written(self, r2: R2VaultWorld) -> None:
        """A second run reads each object once, and no more."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        r2.proxy.seen.clear()

        assert not (await r2.vault.rotate(ref)).is_written

        assert [request.method for request in r2.proxy.seen] == ["GET"]

    async def test_an_object_without_a_version_is_not_replaced(self, r2: R2VaultWorld) -> None:
        """Without a tag there is no condition, and without a condition nothing is written over."""
        (ref,) = await r2.vault.save_keys([(OWNER, SERIAL)])
        await r2.add_master_key()

        async def without_tag(request: S3Request, forward: Forward) -> S3Answer:
            """As a store in front of the store answers."""
            answer = await forward(request)
            answer.headers.pop("ETag", None)
            return answer

        r2.proxy.plan(without_tag, method="GET")

        with pytest.raises(Unavailable, match="versions"):
            await r2.vault.rotate(ref)

        assert await r2.vault.open_keys([(ref, OWNER)]) == (SERIAL,)
