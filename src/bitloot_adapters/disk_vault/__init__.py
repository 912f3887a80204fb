"""The vault as a folder on disk: one file a product key, sealed, durable, readable by its owner's name only."""

from bitloot_adapters.disk_vault.folder import SealedFolder
from bitloot_adapters.disk_vault.vault import DiskVault

__all__ = ["DiskVault", "SealedFolder"]
