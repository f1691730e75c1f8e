"""`python -m tests.fakes.hung serve ...`: the service with a classifier that thinks for a minute about every text.

Law: only the classifier is played; all else is the real command.
"""

from __future__ import annotations

import sys
import time

from bot.__main__ import main
from bot.nlu.classifier import Classifier, Ranked

SECONDS = 60.0


def _hang(self: Classifier, text: str) -> Ranked:
    time.sleep(SECONDS)
    return Ranked()


if __name__ == "__main__":
    Classifier.parse = _hang  # type: ignore[method-assign]
    sys.exit(main())
