"""
One suite for each port: what every implementation must do, whoever wrote it.

A suite is a class without a leading `Test`, so that pytest does not collect it here. Subclass it, override its fixture
`world`, and run it with pytest-asyncio in auto mode:

    class TestMyOrderStore(OrderStoreContract):
        @pytest.fixture
        async def world(self) -> AsyncIterator[StorageWorld]: ...
"""

import pkgutil

import pytest

# By name: this package itself is imported already, and pytest warns of what it can no longer rewrite.
pytest.register_assert_rewrite(*(f"{__name__}.{suite.name}" for suite in pkgutil.iter_modules(__path__)))
