"""The two conversations that are compared, with what each assistant must answer, word by word.

Law: what a person says differs from one to the next and comes back in the confirmation, so that no answer can be meant
for somebody else. Their words stand in `benchmarks/rasa/`, `benchmarks/saathi/flows/`, `benchmarks/telegram_bot.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.load import Exchange

MENU = "How can we help?"
MONTHS, AMOUNT, COUNTRY = (
    "For how many months were you not paid?",
    "How much is that together?",
    "In which country do you work?",
)
HOLDER, SINCE = "Who has your passport?", "Since when?"
DONE = "Thank you. A colleague will read it."
# What is said, what Saathi keeps: a country, not its name.
COUNTRIES = (("Kuwait", "KW"), ("Qatar", "QA"), ("Malaysia", "MY"), ("Oman", "OM"), ("Jordan", "JO"))
RASA_MENU = f"{MENU}\n1 My pay\n2 My passport\n3 Somebody to talk to"  # buttons are lines on its REST channel


def _pay(person: int, menu: str, choice: str, country: str) -> Sequence[Exchange]:
    months, amount = str(2 + person % 9), f"{100 + person % 899} dinar"
    name, code = COUNTRIES[person % len(COUNTRIES)]
    said = name if country == "name" else code
    return (
        Exchange("hello", menu),
        Exchange(choice, MONTHS),
        Exchange(months, AMOUNT),
        Exchange(amount, COUNTRY),
        Exchange(name, f"{months} months, {amount}, {said}. Is that right?"),
        Exchange("yes", DONE),
    )


def pay_saathi(person: int) -> Sequence[Exchange]:
    """Menu, three questions, confirmation: with Saathi, which reads a number, an amount and a country."""
    return _pay(person, MENU, "My pay", "code")


def pay_rasa(person: int) -> Sequence[Exchange]:
    """The same with Rasa. The choice is the payload that its button sends: its featurizer takes all numbers for one
    word, so that it cannot tell a typed 1 from a 0."""
    return _pay(person, RASA_MENU, "/choose_wages", "name")


def passport(person: int) -> Sequence[Exchange]:
    """The conversation of four lines."""
    return (
        Exchange("hello", MENU),
        Exchange("My passport", HOLDER),
        Exchange("the company", SINCE),
        Exchange(f"since {1990 + person % 30}", DONE),
    )
