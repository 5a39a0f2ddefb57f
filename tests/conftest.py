"""Settings that every test shares: Qt without a display at one scale, and hypothesis without a clock."""

import os

from hypothesis import settings

# Before Qt is imported; `python3 -m tests` sets the same, this serves pytest called by hand.
for name, value in {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "1", "QT_FONT_DPI": "96"}.items():
    os.environ.setdefault(name, value)

settings.register_profile("longcut", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("longcut")
