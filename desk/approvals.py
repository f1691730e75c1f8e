"""WhatsApp's texts as the page lists them: how each stands with WhatsApp in each language, and what is to be done.

Law: pure; a text that has changed since it was handed in is another one, and counts as not handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.content import Content
from bot.store.contents import Made
from bot.transports import twilio_content

TEMPLATES = "templates"
COMMAND = "saathi twilio provision"


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One text in one language. `approval`: missing, old, none, submitted, approved, rejected."""

    name: str
    language: str
    text: str
    category: str
    approval: str
    reason: str
    file: str

    @property
    def todo(self) -> str:
        """What there is to do: the end of a word of the page."""
        return {"approved": "none_needed", "submitted": "submitted", "rejected": "rejected"}.get(
            self.approval, "missing"
        )


def rows(content: Content, made: Sequence[Made]) -> list[TemplateRow]:
    """Each text in each language, refused ones first."""
    known = {(m.name, m.language): m for m in made}
    found = []
    for name, told in content.knowledge.by_name.get(TEMPLATES, {}).items():
        if not isinstance(told, dict):
            continue
        text_id = f"{TEMPLATES}.{name}.say"
        for language in content.languages:
            entry = content.catalogue.entry(language, text_id)
            if language != "en" and entry is None:
                found.append(TemplateRow(name, language, "", str(told["category"]), "missing", "", ""))
                continue
            words = content.said(language, {"text": text_id})
            wanted = twilio_content.text(name, language, words, str(told["category"]))
            row = known.get((name, language))
            approval = "missing" if row is None else "old" if row.made_from != wanted.made_from else row.approval
            file = entry.file if entry else content.knowledge.texts[text_id].source.rpartition(":")[0]
            reason = (row.reason or "") if row else ""
            found.append(TemplateRow(name, language, words, wanted.category, approval, reason, file))
    order = ("rejected", "old", "missing", "none", "submitted", "approved")
    return sorted(found, key=lambda r: (order.index(r.approval), r.name, r.language))
