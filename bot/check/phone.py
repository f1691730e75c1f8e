"""A text as a phone shows it, with its options and the longest values: what a translator sees beside the words.

Law: laid out by the real channel, SMS for short texts and WhatsApp for long ones; nothing is drawn, so that it stands
in a cell of a table. In a language that people may not choose yet it is English.
"""

from __future__ import annotations

from bot.channels.contract import Chrome
from bot.channels.whatsapp import channel as whatsapp
from bot.check.budget import rendered
from bot.check.samples import longest
from bot.check.texts import LABEL, SHORT, SMS, TEXT, Message, options
from bot.content import Content
from bot.content.languages import FALLBACK
from bot.content.wording import PLACEHOLDER
from bot.engine.events import Asked, Said
from bot.engine.flow import Ask, Flow, Say


def shown(content: Content, language: str, message: Message) -> str:
    """The screen; empty for what no flow shows by itself (words that people write, facts, pages)."""
    name, _, rest = message.context.partition(".")
    flow = content.flows.get(name)
    step = next((s for s in flow.steps if s.id == rest.partition("#")[0]), None) if flow else None
    if flow is None or not isinstance(step, Say | Ask) or message.kind not in (TEXT, SMS, LABEL, SHORT):
        return ""
    code = language if language in content.languages else FALLBACK
    names = set(PLACEHOLDER.findall(f"{step.text} {step.sms}")) - {"options"}
    values = {slot: longest(content, flow, slot, code) or "…" for slot in sorted(names)}
    if message.kind in (SMS, SHORT):
        return rendered(content, flow, step, code, values)
    return _on_whatsapp(content, flow, step, code, values)


def _on_whatsapp(content: Content, flow: Flow, step: Say | Ask, language: str, values: dict[str, object]) -> str:
    text_id = f"{flow.name}.{step.id}"
    event: Said | Asked = Said(text_id, values)
    if isinstance(step, Ask):
        event = Asked(text_id, text_id, flow.version, tuple(choice.id for choice in options(step)), values)
    return "\n".join(part.text for part in whatsapp.layout(content.reply(event, language), Chrome()))
