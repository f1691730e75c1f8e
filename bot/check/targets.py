"""Rule: every step and flow that is named exists, also those that the engine itself counts on.

Law: a target is a step of the same flow or `flow:name`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.check.alarm import STAY
from bot.check.graph import FLOW, named
from bot.check.texts import at
from bot.content import Content, Problem
from bot.content.flows import CHANNEL, CHROME, PAGES, STAFF, SYSTEM

# What bot/engine and bot/conductor say by name, and what the channels write on their own parts (a test compares),
# and what pages and papers say.
SENTENCES = {
    SYSTEM: (
        "retry",
        "retry_help",
        "old_button",
        "lost_step",
        "letter",
        "limit",
        "late",
        "other_language",
        "media_received",
        "noted_so_far",
        "nothing_to_go_back",
        "slowly",
        "trouble",
        "unvouched",
    ),
    CHROME: ("list_label", "more"),
    CHANNEL: (
        "one_way",
        "one_way_same",
        "in_a_group",
        "about",
        "description",
        "command_menu",
        "command_human",
        "command_language",
        "command_clear",
        "command_stop",
    ),
    PAGES: (
        "brand",
        "language",
        "genuine_title",
        "genuine",
        "course",
        "passed",
        "unknown_title",
        "unknown",
        "link_title",
        "link",
        "later_title",
        "later",
        "certificate_title",
        "certificate_given",
        "certificate_completed",
        "certificate_date",
        "certificate_score",
        "certificate_points",
        "certificate_check",
        "certificate_number",
    ),
    STAFF: (
        "call",
        "call_done",
        "mail_subject",
        "mail",
        "mail_alert",
        "chat",
        "seen",
        "take",
        "release",
        "taken",
        "held",
        "released",
        "not_yours",
        "full",
        "gone",
        "linked",
        "not_linked",
        "unlinked",
        "seen_done",
        "digest_subject",
        "digest_assigned",
        "digest_late",
        "digest_due_today",
        "digest_cover",
        "digest_empty_shift",
        "digest_weekly",
        "digest_stop",
    ),
}


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Dangling targets, and absent flows and sentences of the engine."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            for target in named(step):
                name = target.removeprefix(FLOW)
                if target.startswith(FLOW) and name not in content.flows.by_name:
                    yield at(step.source, f"there is no flow {name}")
                elif not target.startswith(FLOW) and flow.index(target) is None:
                    yield at(step.source, f"{flow.name} has no step {target}")
        for name in [n for n in flow.ends if n not in content.flows.by_name]:
            yield at(flow.source, f"`ends:` of {flow.name} names {name}, which is no flow")
    for link, told in content.knowledge.by_name.get("links", {}).get("links", {}).items():
        if told.get("flow") not in content.flows.by_name:
            yield Problem("knowledge/links.yml", told.at("flow"), f"the link {link} starts {told.get('flow')}: no flow")
    rules = content.rules
    for name in (rules.menu, rules.human, rules.resume, rules.welcome, rules.gentle, STAY):
        if name not in content.flows.by_name:
            yield Problem(f"flows/{name}.yml", 1, "the engine counts on this flow")
    for room, ids in SENTENCES.items():
        present = {say.id for say in content.texts.get(room, ())}
        for missing in [i for i in ids if i not in present]:
            yield Problem(f"flows/{room}.yml", 1, f"the text `{missing}` is missing")
