"""
Envelope encryption: what is sealed here opens for one context only, and only under our master keys.

Two uses, one construction (AES-256-GCM, keys from HKDF-SHA-512):

* `KeySealer` seals one product key an object. Every object has a data key of its own, wrapped under a master key, and
  carries the wrap in its header, so a vault needs nothing besides the object and the master keys.
* `PayloadSealer` seals webhook bodies on their way into the database. It keeps one data key for as long as the process
  lives, because there it is speed that counts.

Rule: no input or output, no vendor, no clock. Every way in which something can fail to open is one error, `Corrupt`,
with one text; whoever tampers learns nothing from it.
"""

from bitloot_adapters._shared.envelope.keys import KeySealer
from bitloot_adapters._shared.envelope.master_keys import MasterKeys
from bitloot_adapters._shared.envelope.payloads import PayloadSealer

__all__ = ["KeySealer", "MasterKeys", "PayloadSealer"]
