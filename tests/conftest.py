"""What all tests share: how hard hypothesis tries (`HYPOTHESIS_PROFILE=deep` for the long run)."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("support_fault_table")

settings.register_profile("default", max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
