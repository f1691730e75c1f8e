"""Reads a telephone number, by Google's numbering plans (phonenumbers). Value: E.164, "+96550123456".

Law: only a number that can exist; without a country only one with its country code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher

from bot.content.readers.tokens import plain

_INTERNATIONAL = re.compile(r"(?<![\d+])00(?=[1-9]\d{6})")
_DIGITS = re.compile(r"\D+")


class Phone:
    """`args["country"]`: ISO 3166 code for numbers without a country code."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The number of an answer; a country code may lack its plus sign."""
        if found := self.find(text, args, language):
            return found
        digits = _DIGITS.sub("", plain(text))
        return _valid(f"+{digits}") if 10 <= len(digits) <= 15 and digits[0] != "0" else None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        """The first number in a text that can exist."""
        shown = _INTERNATIONAL.sub("+", plain(text))
        region = str(args.get("country") or "") or None
        match = next(iter(PhoneNumberMatcher(shown, region)), None)
        return _e164(match.number) if match else None


def _valid(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text)
    except NumberParseException:
        return None
    return _e164(number) if phonenumbers.is_valid_number(number) else None


def _e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


reader = Phone()
