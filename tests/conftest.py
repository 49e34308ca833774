"""Settings of all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# Elsewhere every run draws new examples; where a change is judged, the same change gets the same verdict.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")
