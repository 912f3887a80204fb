"""What every test shares: how hard hypothesis tries, and that the harness of the system tests explains itself."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Here, because tests of adapters use it too, and it must be said before anybody imports it.
pytest.register_assert_rewrite("harness")

# A timing of one example says nothing on a shared machine, so no profile has a deadline.
settings.register_profile("fast", deadline=None, max_examples=25)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
settings.register_profile(
    "deep", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))  # noqa: TID251 - chosen before any settings exist
