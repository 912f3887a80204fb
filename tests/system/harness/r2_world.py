"""A vault on R2 over a real S3 server, and everything that can happen to its bucket."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import aiohttp
import attrs

from bitloot_adapters._shared.envelope import KeySealer, MasterKeys
from bitloot_adapters.r2 import R2Deadlines, R2Vault, open_bucket
from bitloot_adapters.r2.bucket import SealedBucket
from bitloot_core.testing.clock import ManualClock
from bitloot_core.values.ids import StorageRef
from bitloot_core.values.secret import Secret
from harness.s3_proxy import (
    Forward,
    S3Answer,
    S3Proxy,
    S3Request,
    damage_upload,
    flipped,
    lose_answer,
    lose_request,
    open_s3_proxy,
)

OLD = hashlib.sha256(b"old master key").digest()
NEW = hashlib.sha256(b"new master key").digest()
BUCKET = "bitloot-vault"
SECRET_KEY = "CANARY-SECRET-ACCESS-KEY"
STAFF = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=staff/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}
"""Makes us somebody to moto, which checks no signatures; a stranger may not read."""
IMPATIENT = R2Deadlines(connect=timedelta(seconds=5), answer=timedelta(seconds=5), operation=timedelta(seconds=0.4))


@attrs.define
class R2VaultWorld:
    """A vault whose bucket lies behind a proxy, and what happens to the bucket behind its back."""

    server: str
    session: aiohttp.ClientSession
    proxy: S3Proxy
    bucket: SealedBucket
    clock: ManualClock = attrs.field(factory=ManualClock)
    keys: dict[str, bytes] = attrs.field(factory=lambda: {"k1": OLD})

    @property
    def vault(self) -> R2Vault:
        """A vault with the master keys of the moment."""
        return R2Vault(self.bucket, KeySealer(MasterKeys(self.keys)), clock=self.clock)

    def url_of(self, name: str) -> str:
        """An object at the server itself, past the proxy."""
        return f"{self.server}/{BUCKET}/{name}"

    async def read(self, ref: StorageRef) -> bytes:
        """What lies in the bucket."""
        async with self.session.get(self.url_of(f"keys/{ref}"), headers=STAFF, raise_for_status=True) as answer:
            return await answer.read()

    async def write(self, name: str, content: bytes) -> None:
        """Put something into the bucket."""
        async with self.session.put(self.url_of(name), data=content, headers=STAFF, raise_for_status=True):
            pass

    async def refs(self) -> list[StorageRef]:
        """What the vault lists."""
        return [stored.ref async for stored in self.vault.stored()]

    async def damage(self, ref: StorageRef) -> None:
        """Given a bit that fell over."""
        await self.write(f"keys/{ref}", flipped(await self.read(ref)))

    async def lose(self, ref: StorageRef) -> None:
        """Given an object that somebody deleted."""
        async with self.session.delete(self.url_of(f"keys/{ref}"), headers=STAFF, raise_for_status=True):
            pass

    async def damage_next_save(self) -> None:
        """Given a path that damages what is written, once."""
        self.proxy.plan(damage_upload, method="PUT")

    async def lose_next_answer(self) -> None:
        """Given that neither the answer to the next write comes, nor that to any repeat of it."""
        first: list[str] = []

        async def lose_this_one(request: S3Request, forward: Forward) -> S3Answer | None:
            """By its path, since the client repeats as it likes."""
            if not first:
                first.append(request.path)
            return await (lose_answer(request, forward) if request.path == first[0] else forward(request))

        self.proxy.plan(lose_this_one, method="PUT", times=None)

    async def go_down(self) -> None:
        """Given that every connection is cut."""
        self.proxy.plan(lose_request, times=None)

    async def come_back(self) -> None:
        """Given that it can be reached again."""
        self.proxy.heal()

    async def add_master_key(self) -> None:
        """Given a new master key before the old one."""
        self.keys = {"k2": NEW, **self.keys}

    async def drop_old_master_keys(self) -> None:
        """Given the first one only."""
        newest = next(iter(self.keys))
        self.keys = {newest: self.keys[newest]}


def opened(
    url: str, *, bucket: str = BUCKET, deadlines: R2Deadlines | None = None
) -> AbstractAsyncContextManager[SealedBucket]:
    """The bucket at an address."""
    return open_bucket(
        endpoint=url,
        bucket=bucket,
        access_key_id="an-access-key",
        secret_access_key=Secret(SECRET_KEY),
        deadlines=deadlines,
        objects_a_page=3,
    )


@asynccontextmanager
async def open_r2_world(server: str) -> AsyncIterator[R2VaultWorld]:
    """Empty the server, make the bucket anew, and open the vault in it."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        async with session.post(f"{server}/moto-api/reset", raise_for_status=True):
            pass
        async with session.put(f"{server}/{BUCKET}", headers=STAFF, raise_for_status=True):
            pass
        async with open_s3_proxy(server, session) as proxy, opened(proxy.url) as bucket:
            yield R2VaultWorld(server, session, proxy, bucket)
