"""Runs `rasa run` under Python 3.10 with a token that no list of processes shows. Imports nothing of the service.

    python serve.py MODEL.tar.gz [--host 127.0.0.1] [--port 5005] [--tied]

The token comes from SAATHI_RASA_TOKEN, or with --tied as the first line of stdin; then the end of stdin ends Rasa too,
so that it does not outlive who started it.
"""

import argparse
import os
import sys
import threading
from pathlib import Path

NO_CHANNELS = Path(__file__).parent / "credentials.yml"  # else Rasa opens one that asks for no token


def main() -> None:
    """Until a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="5005")
    parser.add_argument("--tied", action="store_true")
    options = parser.parse_args()
    token = sys.stdin.readline().strip() if options.tied else os.environ.pop("SAATHI_RASA_TOKEN", "").strip()
    if len(token) < 16:
        sys.exit("Rasa: a token of at least 16 characters is needed: whoever reaches it may replace its model")
    if options.tied:
        threading.Thread(target=_end_with_starter, daemon=True).start()
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("SANIC_WORKERS", "1")
    sys.argv = ["rasa", "run", "--enable-api", "--model", options.model, "--interface", options.host]
    sys.argv += ["--port", options.port, f"--auth-token={token}", "--credentials", str(NO_CHANNELS)]
    from rasa.__main__ import main as rasa

    rasa()


def _end_with_starter() -> None:
    while sys.stdin.read(1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
