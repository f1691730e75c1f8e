"""A small content on disk: a few flows, three languages, a catalogue that is half there.

Law: the smallest that shows each way in which words are found; what the real content says is tested elsewhere.
"""

from __future__ import annotations

from pathlib import Path

ENGLISH = """\
name: English
english_name: English
direction: ltr
also: [inglish]
reviewer: null
universal: {menu: [menu], back: [back], human: ["0", help], language: ["#"], status: ["8"], clear: [clear],
  delete: [delete], stop: [stop], start: [start],
  complain: [complain]}
"""
NEPALI = """\
name: नेपाली
english_name: Nepali
direction: ltr
also: [nepali]
reviewer: Somebody
universal: {menu: [मेनु], back: [फर्क], human: [मान्छे, manche], language: [भाषा], status: [], clear: [], delete: [],
  stop: [रोक], start: [], complain: []}
"""
ARABIC = """\
name: العربية
english_name: Arabic
direction: rtl
also: [arabi]
reviewer: null
universal: {menu: [], back: [], human: [إنسان], language: [], status: [], clear: [], delete: [], stop: [],
  start: [], complain: []}
"""
WAGES = """\
flow: wages
level: grievance
starts_on: [report_unpaid_wages]
steps:
  - ask: work
    say: What kind of work?
    sms: Work? {options}
    sensitivity: private
    options:
      - {id: home, label: In a house, sms: house, synonyms: [maid]}
      - {id: company, label: In a company, sms: company}
    skip: {label: I do not know}
  - ask: language
    say: Which language?
    options: languages
  - ask: pay
    say: How much?
    type: amount
    skip: {label: Skip, sms: skip}
  - say: done
    text: "Number {reference}. A person writes by {at}."
    sms: "No. {reference}, {at}"
  - say: plain
    text: Thank you.
    sms: Thanks.
"""
DANGER = """\
flow: danger
level: danger
steps:
  - say: here
    text: "Okay. {emergency} We read."
"""
SYSTEM = """\
texts:
  retry: {text: That was not clear., sms: "Sorry?"}
  old_button: That button is old.
"""
CHROME = "texts:\n  list_label: Choose\n  more: More\n"
HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'


def entry(context: str, english: str, text: str, fuzzy: bool = False) -> str:
    """One entry of a .po file."""
    flag = "#, fuzzy\n" if fuzzy else ""
    return f'\n{flag}msgctxt "{context}"\nmsgid "{english}"\nmsgstr "{text}"\n'


NE_PO = HEAD + "".join(
    (
        entry("wages.work", "What work do you do?", "के काम?", fuzzy=True),
        entry("wages.work#option.home", "In a house", "घरमा"),
        entry("wages.work#option.home.sms", "house", "घर"),
        entry("wages.work#option.home.synonyms", "maid", "ghar,  घरेलु ,"),
        entry("wages.work#option.company", "In a company", "कम्पनीमा"),
        entry("wages.done", "Number {reference}. A person writes by {at}.", "नम्बर {reference}। {at} सम्म।"),
        entry("wages.done#sms", "No. {reference}, {at}", "{reference}, {at}"),
        entry("wages.plain", "Thank you.", "धन्यवाद।"),
        entry("system.retry", "That was not clear.", "बुझिएन।"),
        entry("chrome.more", "More", "अरू"),
        entry("wages.pay", "How much?", ""),
    )
)
AR_PO = HEAD + entry("wages.done", "Number {reference}. A person writes by {at}.", "رقم {reference}، حتى {at}.")
FILES = {
    "locales/en/language.yml": ENGLISH,
    "locales/ne/language.yml": NEPALI,
    "locales/ar/language.yml": ARABIC,
    "locales/ne/LC_MESSAGES/messages.po": NE_PO,
    "locales/ar/LC_MESSAGES/messages.po": AR_PO,
    "flows/wages.yml": WAGES,
    "flows/danger.yml": DANGER,
    "flows/system.yml": SYSTEM,
    "flows/chrome.yml": CHROME,
    "flows/menu.yml": "flow: menu\nsteps: [end]\n",
    "flows/stop.yml": "flow: stop\nsteps: [end]\n",
    "knowledge/duty.yml": "timezone: Asia/Kathmandu\nanswer_minutes: {critical: 15}\n",
}


def write(root: Path, changed: dict[str, str] | None = None) -> Path:
    """The files under `root`; `changed` replaces or adds some by path."""
    for path, text in {**FILES, **(changed or {})}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return root
