"""`rotate` over the real vaults: a folder, and a bucket behind a proxy that misbehaves."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bitloot_adapters._shared.envelope import KeySealer, MasterKeys
from bitloot_adapters.disk_vault import DiskVault, SealedFolder
from bitloot_core.ports.vault import Vault
from bitloot_core.testing.contracts.vault import OWNER, SERIAL
from bitloot_http.rotation import Kind, Sealed, Tally, rotate
from harness.r2_world import NEW, OLD, R2VaultWorld
from harness.s3_proxy import Forward, S3Answer, S3Request, refuse


def sealed(vault: Vault) -> Sealed:
    """A shop that has nothing but a vault."""
    return Sealed(vault=vault, rows={}, master_keys=("k2", "k1"))


async def tallied(vault: Vault, *, at_most: int | None = None) -> Tally:
    """Rotate all of it, or end at so many as a process does that is killed."""
    tally, run = Tally(), rotate(sealed(vault))
    async for one in run:
        tally.add(one)
        if tally.looked_at.total() == at_most:
            break
    await run.aclose()
    return tally


@contextmanager
def threads_of_its_own() -> Iterator[None]:
    """Let what is begun in threads come to its end, as it does, or dies, with the process that began it."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor() as threads:
        loop.set_default_executor(threads)
        yield
    loop.set_default_executor(ThreadPoolExecutor())


async def test_a_folder_is_rotated_in_two_goes(tmp_path: Path) -> None:
    """The second does what the first left, and then the old master key opens nothing that is needed."""
    folder = SealedFolder(tmp_path / "vault")
    old, both, new = (
        DiskVault(folder, KeySealer(MasterKeys(keys))) for keys in ({"k1": OLD}, {"k2": NEW, "k1": OLD}, {"k2": NEW})
    )
    refs = await old.save_keys([(OWNER, SERIAL)] * 60)

    with threads_of_its_own():
        first = await tallied(both, at_most=20)
    second = await tallied(both)

    assert 20 <= first.rewrapped.total() < 60
    assert second.under == {(Kind.PRODUCT_KEY, "k2"): 60}
    assert second.rewrapped.total() <= 40
    assert await new.open_keys([(ref, OWNER) for ref in refs]) == (SERIAL,) * 60


async def test_a_bucket_is_rotated_though_it_turns_us_away_at_times(r2: R2VaultWorld) -> None:
    """What could not be reached is named, and done by the next run; no copy is left over."""
    refs = await r2.vault.save_keys([(OWNER, SERIAL)] * 12)
    await r2.add_master_key()
    unlucky = refs[5]

    async def too_busy(request: S3Request, forward: Forward) -> S3Answer | None:
        """For one object."""
        return await (refuse(503, "SlowDown")(request, forward) if unlucky in request.path else forward(request))

    r2.proxy.plan(too_busy, method="GET", times=None)

    first = await tallied(r2.vault)
    r2.proxy.heal()
    second = await tallied(r2.vault)

    assert [(one.name, one.under) for one in first.stuck] == [(unlucky, None)]
    assert (first.rewrapped.total(), second.rewrapped.total()) == (11, 1)
    assert sorted(await r2.refs()) == sorted(refs)
    await r2.drop_old_master_keys()
    assert await r2.vault.open_keys([(ref, OWNER) for ref in refs]) == (SERIAL,) * 12


async def test_calls_to_a_bucket_are_bounded(r2: R2VaultWorld) -> None:
    """A store turns away who asks too much."""
    await r2.vault.save_keys([(OWNER, SERIAL)] * 40)
    await r2.add_master_key()
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

    tally = await tallied(r2.vault)

    assert tally.rewrapped.total() == 40
    assert 1 < most <= 16
