"""How the comparison is told: ratios first, then the figures of this machine, then who lost what when it was killed.

Law: a ratio is the median of those of the rounds; what is unfair, to whomever, stands in docs/performance.md below it.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.rounds import Entry, Measured

RASA, SAATHI, APART = "Rasa 3.6.21", "Saathi", "Saathi, web and worker apart"
LIBRARY, WEBHOOK, POLLING, WEBHOOK_APART, NODE = (
    "python-telegram-bot, polling",
    "Saathi by Telegram's webhook",
    "Saathi, polling",
    "Saathi by Telegram's webhook, web and worker apart",
    "Bottender 1.5.5, webhook",
)
ABSENT = "Bottender was not measured in this run; 315 messages a second were once seen, with sessions in memory."
# Who is compared with whom, the messages a second that we want to be times theirs, and the share of their memory.
PAIRS = (
    (SAATHI, RASA, 20.0, 0.1),
    (APART, RASA, 20.0, 0.1),
    (WEBHOOK, LIBRARY, 1.0, None),
    (POLLING, LIBRARY, 1.0, None),
    (WEBHOOK_APART, LIBRARY, 1.0, None),
    (WEBHOOK, NODE, 1.0, None),
    (WEBHOOK_APART, NODE, 1.0, None),
)


HEAD = """\
`make bench-beside`, {machine}; {rounds} rounds by turns, medians. One process each, and Saathi also as
`deploy/compose.yml` runs it, web and worker apart; on one PostgreSQL (the embedded one as it is delivered, every
commit on the disk), people and played provider on the same cores: `benchmarks/load.py`. Each person says the next line
when the last one is rightly answered; a ratio is that of one round.

"""


def line(m: Measured) -> str:
    """One round in a few words."""
    return (
        f"{m.busy.rate:.0f}/s, {m.busy.each('own'):.2f} + {m.busy.each('PostgreSQL'):.2f} ms of processor each, "
        f"{m.memory:.0f} MB; calm p50 {m.calm.wait(0.5):.0f} ms; wrong {m.busy.wrong + m.calm.wrong}, "
        f"unanswered {m.busy.unanswered + m.calm.unanswered}, people {m.busy.each('people'):.2f} ms"
    )


def faults(entries: Sequence[Entry]) -> list[str]:
    """Wrong and missing answers, with examples: nobody may win by them."""
    told = []
    for entry in entries:
        for load in [load for m in entry.rounds for load in (m.busy, m.calm)]:
            if load.wrong or load.unanswered:
                told.append(f"{entry.name}: {load.wrong} wrong, {load.unanswered} missing, {load.samples}")
    return told


def _middle(entry: Entry, of: Callable[[Measured], float]) -> float:
    return statistics.median(of(m) for m in entry.rounds)


def _cost(m: Measured) -> float:
    return m.busy.each("own") + m.busy.each("PostgreSQL")


def _between(ours: Entry, theirs: Entry, of: Callable[[Measured], float]) -> float:
    """The median of the ratios of the rounds."""
    return statistics.median(of(a) / of(b) if of(b) else 0.0 for a, b in zip(ours.rounds, theirs.rounds, strict=True))


def ratios(entries: Sequence[Entry]) -> str:
    """Ours by theirs."""
    by_name = {entry.name: entry for entry in entries}
    rows = [
        "| ours / theirs | messages a second | target | processor time of a message | memory | target |",
        "|---|---|---|---|---|---|",
    ]
    for ours, theirs, faster, smaller in PAIRS:
        if ours in by_name and theirs in by_name:
            a, b = by_name[ours], by_name[theirs]
            rows.append(
                f"| {ours} / {theirs} | **{_between(a, b, lambda m: m.busy.rate):.1f}** | "
                f"{'at least' if faster > 1 else 'over'} {faster:.0f} | {_between(a, b, _cost):.2f} | "
                f"{_between(a, b, lambda m: m.memory):.2f} | {f'at most {smaller}' if smaller else ''} |"
            )
    return "\n".join(rows)


def figures(entries: Sequence[Entry]) -> str:
    """The medians of the rounds, of this machine."""
    rows = [
        "| who | people at once | messages/s | processor ms a message, own + PostgreSQL's "
        "| answer to eight people: p50 / p99 ms | memory MB, own (PostgreSQL's) |",
        "|---|---|---|---|---|---|",
    ]
    for e in entries:
        own, base = _middle(e, lambda m: m.busy.each("own")), _middle(e, lambda m: m.busy.each("PostgreSQL"))
        p50, p99 = _middle(e, lambda m: m.calm.wait(0.5)), _middle(e, lambda m: m.calm.wait(0.99))
        rows.append(
            f"| {e.name} | {e.people} | {_middle(e, lambda m: m.busy.rate):.0f} | {own:.2f} + {base:.2f} | "
            f"{p50:.0f} / {p99:.0f} | {_middle(e, lambda m: m.memory):.0f} ({_middle(e, lambda m: m.postgres):.0f}) |"
        )
    return "\n".join(rows)


def kills(entries: Sequence[Entry], people: int) -> str:
    """What became of people in the middle of a conversation."""
    rows = [
        "| killed under load | conversations finished | the last answer came twice | never answered, or wrongly |",
        "|---|---|---|---|",
    ]
    for entry in entries:
        if entry.killed is not None:
            load = entry.killed
            lost = load.unanswered + load.wrong
            rows.append(f"| {entry.name} | {load.finished} of {people} | {load.repeated} | {lost} |")
    return "\n".join(rows)


def page(entries: Sequence[Entry], people: int) -> str:
    """All tables."""
    tables = [ratios(entries), figures(entries)]
    if any(entry.killed is not None for entry in entries):
        tables.append(kills(entries, people))
    if NODE not in {entry.name for entry in entries}:
        tables.append(ABSENT)
    return "\n\n".join(tables)
