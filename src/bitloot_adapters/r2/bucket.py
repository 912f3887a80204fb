"""
The objects of the vault in one bucket, under one prefix.

Every write has a condition, so none can destroy what somebody else wrote: a new object only where there is none
(`If-None-Match: *`), a replacement only where the object is still the one that was read (`If-Match`).
**Source:** Cloudflare R2 documentation, S3 API, "Conditional operations".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import attrs

from bitloot_adapters.r2.deadlines import R2Deadlines
from bitloot_adapters.r2.names import is_name, saved_at
from bitloot_adapters.r2.refusals import PORT, Missing, Unmet, refusals
from bitloot_core.ports.vault import StoredObject
from bitloot_core.values.errors import Corrupt, InvalidInput, NotFound, Unavailable
from bitloot_core.values.ids import StorageRef
from bitloot_core.values.secret import Secret

LARGEST_OBJECT_BYTES = 4 << 20
"""Far more than a sealed product key, pictures included."""
LONGEST_SIGNATURE = timedelta(days=7)
"""**Source:** Cloudflare R2 documentation, "Presigned URLs": from one second to seven days."""
_MEDIA_TYPE = "application/octet-stream"


@attrs.frozen(kw_only=True)
class Found:
    """An object as it was read: the sealed bytes, and the tag of this version of it."""

    content: bytes = attrs.field(repr=False)
    tag: str


class SealedBucket:
    """
    A bucket of sealed objects; `open_bucket` makes it. Every method raises `Unavailable` if the store does not answer.

    Args:
        client: aiobotocore's S3 client, open.
        bucket: the bucket's name.
        prefix: what every object's name begins with.
        deadlines: for each operation.
        calls_at_once: how many there may be, over all operations of this process.
        objects_a_page: how many are listed at once; for tests.
    """

    def __init__(
        self,
        client: Any,
        *,
        bucket: str,
        prefix: str,
        deadlines: R2Deadlines,
        calls_at_once: int,
        objects_a_page: int,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._deadlines = deadlines
        self._free = asyncio.Semaphore(calls_at_once)
        self._page = objects_a_page

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """
        Bound one operation.

        Raises:
            Unavailable: it takes too long.
        """
        try:
            async with asyncio.timeout(self._deadlines.operation.total_seconds()):
                yield
        except TimeoutError as exc:
            raise Unavailable(PORT, "the store is too slow") from exc

    async def add(self, ref: StorageRef, content: bytes) -> bool:
        """
        Write a new object; False if there is one of this name.

        That one can be ours: the client repeats a request whose answer was lost. A look at it tells.
        """
        return await self._put(ref, content, IfNoneMatch="*")

    async def replace(self, ref: StorageRef, content: bytes, *, tag: str) -> bool:
        """
        Put other content in an object's place; False if it is no longer the one with this tag, or is gone.

        What took its place can be ours, as with `add`.
        """
        if not tag:
            # An empty condition is none.
            raise Unavailable(PORT, "the store does not tell the versions of an object apart")
        return await self._put(ref, content, IfMatch=tag)

    async def read(self, ref: StorageRef) -> Found:
        """
        Read an object.

        Raises:
            NotFound: it is not there.
            Corrupt: it is larger than anything that we write.
        """
        name = self._name_of(ref)
        try:
            async with self._free:
                with refusals():
                    answer = await self._client.get_object(Bucket=self._bucket, Key=name)
                    async with answer["Body"] as body:
                        content = await _whole(body)
        except Missing:
            raise NotFound("sealed object", ref) from None
        return Found(content=content, tag=answer.get("ETag", ""))

    async def remove(self, ref: StorageRef) -> None:
        """
        Remove an object; one that is not there, or that none can be, is passed over.

        One request an object: those for many at once must carry a checksum, and stores disagree about which.
        """
        if not is_name(ref):
            return
        async with self._free:
            try:
                with refusals():
                    await self._client.delete_object(Bucket=self._bucket, Key=self._name_of(ref))
            except Missing:
                return

    async def stored(self) -> AsyncIterator[StoredObject]:
        """The objects, one page at a time; what has no name of ours is passed over."""
        position: str | None = None
        while True:
            async with self.in_time(), self._free:
                page = await self._listed(position)
            for entry in page.get("Contents", ()):
                ref = StorageRef(entry["Key"].removeprefix(self._prefix))
                if is_name(ref):
                    written: datetime = entry["LastModified"]
                    yield StoredObject(ref=ref, saved_at=saved_at(ref) or written)
            position = page.get("NextContinuationToken")
            if position is None:
                return

    async def signed_url(self, ref: StorageRef, *, expires: timedelta) -> Secret:
        """
        A URL that gives the sealed object to whoever has it, without a look whether the object is there.

        Raises:
            NotFound: no object can have this name.
            InvalidInput: `expires` is not from one second to seven days.
        """
        name = self._name_of(ref)
        if not timedelta(seconds=1) <= expires <= LONGEST_SIGNATURE:
            raise InvalidInput("expires", "is not from one second to seven days")
        url: str = await self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": name}, ExpiresIn=int(expires.total_seconds())
        )
        return Secret(url)

    async def _put(self, ref: StorageRef, content: bytes, **condition: str) -> bool:
        try:
            async with self._free:
                with refusals():
                    await self._client.put_object(
                        Bucket=self._bucket,
                        Key=self._name_of(ref),
                        Body=content,
                        ContentType=_MEDIA_TYPE,
                        **condition,
                    )
        except (Missing, Unmet):
            # Of an object that is gone, S3 says "no such key" where R2 says "condition not met".
            return False
        return True

    async def _listed(self, position: str | None) -> dict[str, Any]:
        """
        One page of the list.

        Raises:
            Unavailable: besides the rest, if it does not say whether it is the last one. An answer that is empty, or of
                somebody in between, must not look like an empty vault.
        """
        start = {} if position is None else {"ContinuationToken": position}
        try:
            with refusals():
                page: dict[str, Any] = await self._client.list_objects_v2(
                    Bucket=self._bucket, Prefix=self._prefix, MaxKeys=self._page, **start
                )
        except Missing as exc:
            raise Unavailable(PORT, "the store does not know how to list objects") from exc
        if page.get("IsTruncated") is not ("NextContinuationToken" in page):
            raise Unavailable(PORT, "the store's list of objects is not whole")
        return page

    def _name_of(self, ref: StorageRef) -> str:
        """
        Where an object lies. The one place where a reference becomes a name in the bucket.

        Raises:
            NotFound: no object can have this name.
        """
        if not is_name(ref):
            raise NotFound("sealed object", "of such a name")
        return self._prefix + ref

    def __repr__(self) -> str:
        return f"SealedBucket({self._bucket!r}, {self._prefix!r})"


async def _whole(body: Any) -> bytes:
    content = bytearray()
    async for piece in body.iter_chunks(1 << 16):
        content += piece
        if len(content) > LARGEST_OBJECT_BYTES:
            raise Corrupt(PORT, "a stored object is larger than any that we write")
    return bytes(content)
