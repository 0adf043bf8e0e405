"""`pytest tests/fuzz --hypothesis-profile nightly` tries many more inputs, other ones each time."""

from hypothesis import settings

settings.register_profile("nightly", max_examples=5000)
