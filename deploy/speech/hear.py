#!/usr/bin/env python3
"""A local engine for `SAATHI_SPEECH_COMMAND`: an English recording on standard input, what was said on standard output.

Law: reads no file and no network; what it cannot read or hear is nothing, and the exit code says so. PocketSphinx with
the model for American English that its package brings (BSD licence); it hears slow, clear English and little else, so
what it prints is a hint for whoever listens.

    pip install pocketsphinx soundfile
    SAATHI_SPEECH_COMMAND="nice python3 /opt/saathi/deploy/speech/hear.py {language}"
"""

from __future__ import annotations

import io
import sys

import numpy as np
import soundfile
from pocketsphinx import Decoder

RATE = 16_000  # samples a second, of the model
LANGUAGES = {"en", "auto"}  # auto: whoever wrote nothing yet
OTHER_LANGUAGE, NO_AUDIO = 3, 4  # exit codes


def samples(recording: bytes) -> bytes:
    """One channel of 16-bit samples at RATE, from Ogg, MP3, WAV or FLAC. Raises soundfile.LibsndfileError."""
    heard, rate = soundfile.read(io.BytesIO(recording), dtype="float32", always_2d=True)
    mono = heard.mean(axis=1)
    at = np.arange(int(len(mono) * RATE / rate)) * (rate / RATE)
    even = np.interp(at, np.arange(len(mono)), mono)
    return bytes((np.clip(even, -1, 1) * 32767).astype("<i2").tobytes())


def said(audio: bytes) -> str:
    """The likeliest words; empty when there are none."""
    decoder = Decoder(samprate=RATE, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(audio, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return found.hypstr if found else ""


def main() -> int:
    """0 = what it printed is what it heard."""
    if len(sys.argv) > 1 and sys.argv[1] not in LANGUAGES:
        return OTHER_LANGUAGE
    try:
        audio = samples(sys.stdin.buffer.read())
    except soundfile.LibsndfileError:
        return NO_AUDIO
    print(said(audio))
    return 0


if __name__ == "__main__":
    sys.exit(main())
