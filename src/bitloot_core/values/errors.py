"""
The roots of the error tree: what a caller of a use case or a port must be ready for.

Errors are split by what the caller should do, not by what went wrong inside. Each carries fields and builds its own
message; none carries a product key, a token, a secret or a body.
"""

from __future__ import annotations

from datetime import timedelta


class BitlootError(Exception):
    """Everything that this library raises on purpose."""


class InvalidInput(BitlootError):
    """
    A value from outside cannot be used.

    Args:
        field: the field's name as the sender knows it (`items[0].quantity`).
        reason: a clause that completes "field ...", free of the offending value where that could be a secret.
        code: a stable word for programs.
    """

    def __init__(self, field: str, reason: str, *, code: str = "invalid") -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason
        self.code = code


class NotFound(BitlootError):
    """
    There is no such thing, or none that this caller may know of.

    Args:
        kind: the kind of thing ("order", "link").
        name: its identifier; never a token.
    """

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} {name}")
        self.kind = kind
        self.name = name


class Refused(BitlootError):
    """
    Understood and possible in general, but not now: the state of things forbids it.

    Args:
        code: a stable word for programs.
        reason: a sentence for people.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class StaleOrder(BitlootError):
    """The order's version moved between reading and writing: read it again and decide again."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id} was changed by somebody else")
        self.order_id = order_id


class LeaseLost(BitlootError):
    """The job is no longer ours: its lease ran out and somebody else claimed it. Write nothing more."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"the lease on job {job_id} is lost")
        self.job_id = job_id


class AlreadyTaken(BitlootError):
    """
    A name that is unique across the shop is held by somebody else; nothing was written.

    Args:
        what: which name ("supplier key id", "gateway payment id", "supplier order id").
        name: the name itself.
        holder: the order that holds it, where the store can tell.
    """

    def __init__(self, what: str, name: str, holder: str | None = None) -> None:
        super().__init__(f"{what} {name} belongs to {holder or 'another order'}")
        self.what = what
        self.name = name
        self.holder = holder


class PortError(BitlootError):
    """
    An outside system did not do what it was asked to.

    Args:
        port: which one ("supplier", "payment gateway", "vault", "mailer").
        reason: a sentence for the operator, without secrets and without bodies.
    """

    def __init__(self, port: str, reason: str) -> None:
        super().__init__(f"{port}: {reason}")
        self.port = port
        self.reason = reason


class Unavailable(PortError):
    """
    Passing: nothing was done, ask again later.

    Args:
        retry_after: how long the other side asked us to wait, if it did.
    """

    def __init__(self, port: str, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(port, reason)
        self.retry_after = retry_after


class Rejected(PortError):
    """
    Final: nothing was done, and the same request will be refused again.

    Args:
        code: the refusal in our words ("out-of-stock", "insufficient-balance", "below-minimum", ...).
    """

    def __init__(self, port: str, reason: str, *, code: str = "rejected") -> None:
        super().__init__(port, reason)
        self.code = code


class Unknown(PortError):
    """Asked, and no usable answer came: it may or may not have been done. Look it up; never repeat it blindly."""


class Corrupt(PortError):
    """What was read back is not what was written: a sealed object that does not open."""


class SignatureInvalid(BitlootError):
    """A webhook delivery is not authentic. Nothing in it may be believed, and nothing of it is stored."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source} webhook refused: {reason}")
        self.source = source
        self.reason = reason
