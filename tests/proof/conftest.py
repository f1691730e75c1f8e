"""What the proofs stand on: the pipeline's world, and a whole helpline as processes over real sockets."""

from __future__ import annotations

from tests.e2e.conftest import here, running
from tests.pipeline.conftest import world

__all__ = ["here", "running", "world"]
