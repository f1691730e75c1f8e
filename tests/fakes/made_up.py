"""How Hypothesis is asked for requests to a running service: the same ones each time, and nothing is shrunk."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def as_made_up(examples: int) -> settings:
    """So many of them. What is wrong is read from the answers, so that one fault does not stop the others."""
    return settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
