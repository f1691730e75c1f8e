"""What a person decides about what is kept of her, and how she hides that she wrote.

Law: what is asked for without her word is noted with the same answer, and a human looks. Nothing is deleted or joined
here: a wish is written down, and a job carries it out (`bot/store/erase.py`, `bot/store/merge.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain

from bot.content.readers.digits import digits_in
from bot.engine.answers import fold
from bot.store.records import CodeTry, LinkCode
from handlers import consents, put_off, transfers
from handlers.context import Context, Outcome
from handlers.which import concerned
from handlers.word import WORD, unproved

__all__ = [
    "cancel_erasure",
    "leave",
    "linking",
    "make_link_code",
    "request_erasure",
    "request_export",
    "set_exit",
    "trust_again",
    "use_link_code",
    "withdraw_consent",
]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "cancel_erasure": {"kept": ()},
    "leave": {"left": ()},
    "linking": {"open": (), "guarded": ()},
    "make_link_code": {"made": ("code",)},
    "request_erasure": {"noted": ()},
    "request_export": {"noted": ()},
    "set_exit": {"kept": (), "unfit": ("exit",)},
    "trust_again": {"trusted": ()},
    "use_link_code": {"noted": ("code",)},
    "withdraw_consent": {"noted": ()},
}
# These delete or disclose: the provider is asked first (`bot/witness.py`).
VOUCHED = frozenset({"make_link_code", "request_erasure", "request_export", "use_link_code", "withdraw_consent"})

ERASE_AFTER = timedelta(hours=48)
GRACE = timedelta(hours=24)  # the job may come late, or wait for a human
LINK_FOR = timedelta(minutes=30)
WORD_DIGITS, LINK_DIGITS = 4, 8
TRIES_A_DAY, TRIES_AN_HOUR = 5, 500  # by this person, by everybody
EXIT_LONGEST = 20
ABOUT_HER = ("course", "topic", "role", "channel")  # of the profile: what goes with her consent; her proofs stay
ERASURE = "erasure_asked"  # in the profile: when, proved or not; so long "keep" is understood


async def leave(ctx: Context) -> Outcome:
    """Forget where the conversation stood: whoever looks now finds nothing begun."""
    ctx.forget = True
    put_off.settle(ctx)
    return Outcome("left")


async def set_exit(ctx: Context, *, exit: str | None = None) -> Outcome:
    """The word that ends the talk at once. Not a number that answers questions or looks like a proof or a code, nothing
    long, no word that means something here already (commands never come so far: they break in)."""
    plain = " ".join((exit or "").split()).casefold()
    taken = {fold(str(w)) for w in chain.from_iterable(ctx.knowledge.get("phrases")[p] for p in ("keep", "link"))}
    digits = digits_in(plain)
    bad_number = digits and (int(digits) <= 10 or len(digits) in (WORD_DIGITS, LINK_DIGITS))
    if not plain or len(plain) > EXIT_LONGEST or bad_number or fold(plain) in taken:
        return Outcome("unfit", {"exit": None})
    ctx.person.profile["exit"] = plain
    return Outcome("kept")


async def request_erasure(ctx: Context, *, proved: str | None = None) -> Outcome:
    """Everything is to be deleted. Proved: in 48 hours, unless she says keep; a human sees it in any case."""
    ctx.person.profile[ERASURE] = ctx.now.isoformat()
    if proved != "yes":
        return await unproved(ctx, wanted="erasure")
    ctx.person.erase_at = ctx.now + ERASE_AFTER
    ctx.notify("queue", "erasure_requested", "high", concerned(ctx))
    return Outcome("noted")


async def cancel_erasure(ctx: Context) -> Outcome:
    """It stays after all. Needs no word: nothing is lost by it, and she can ask again."""
    if ctx.person.erase_at is not None:
        ctx.notify("queue", "erasure_cancelled", "medium", concerned(ctx))
    ctx.person.erase_at = None
    ctx.person.profile.pop(ERASURE, None)
    return Outcome("kept")


async def withdraw_consent(ctx: Context, *, proved: str | None = None) -> Outcome:
    """We may no longer keep what she writes, nor write first. What was kept goes with the next purge, unless a life may
    hang on it: with a critical case a human looks before anything goes. What she agreed to for others' use ends at
    once, proved or not: nothing is lost by it."""
    await consents.revoke(ctx)
    if proved != "yes":
        return await unproved(ctx, wanted="withdraw_consent")
    critical = next((c for c in ctx.cases if c.severity == "critical"), None)
    if critical is None:
        ctx.person.consent_store_at = ctx.person.consent_contact_at = None
        ctx.person.consent_refused_at = ctx.now
        await transfers.end_all(ctx)
        for name in ABOUT_HER:
            ctx.person.profile.pop(name, None)
    case = critical or concerned(ctx)
    ctx.notify("queue", "consent_withdrawn", case.severity if case else "medium", case)
    return Outcome("noted")


async def request_export(ctx: Context, *, proved: str | None = None) -> Outcome:
    """All that is kept of her, for her: a human sends it in a way that is safe for her (`saathi export`)."""
    if proved != "yes":
        return await unproved(ctx, wanted="export")
    ctx.notify("queue", "export_requested", "medium", concerned(ctx))
    return Outcome("noted")


async def trust_again(ctx: Context) -> Outcome:
    """A supervisor knows, by another way, that she has the phone again. What was held leaves when she writes."""
    ctx.person.seized_at = None
    ctx.person.profile.pop("word_tries", None)
    for case in ctx.cases:
        ctx.record(case, "trusted_again")
    return Outcome("trusted")


async def make_link_code(ctx: Context) -> Outcome:
    """Digits to be written on her other phone or channel within half an hour; older ones end."""
    for old in await ctx.shelf.mine(LinkCode):
        old.expires_at = min(old.expires_at, ctx.now)
    made = ctx.shelf.add(LinkCode(digits=ctx.digits(LINK_DIGITS), expires_at=ctx.now + LINK_FOR))
    return Outcome("made", {"code": f"{made.digits[:4]} {made.digits[4:]}"})


async def linking(ctx: Context) -> Outcome:
    """Whether a code may be written here without her word: only where nothing of hers is kept yet. Else somebody who
    holds her phone could join it with his own."""
    return Outcome("guarded" if _keeps_something(ctx) else "open")


def _keeps_something(ctx: Context) -> bool:
    person = ctx.person
    has_word = WORD in person.profile or person.seized_at is not None
    return bool(has_word or ctx.cases or ctx.closed or person.consent_store_at or person.consent_contact_at)


async def use_link_code(ctx: Context, *, code: str | None = None, proved: str | None = None) -> Outcome:
    """A code of another channel. Right, wrong, old, used and one too many have one answer; a job does the rest, or a
    human, when her word was needed and did not come."""
    told = Outcome("noted", {"code": None})
    if code is None:
        return told
    if _keeps_something(ctx) and proved != "yes":
        await unproved(ctx, wanted="link")
        return told
    mine, everybody = await _tries(ctx)
    ctx.shelf.add(CodeTry(what="link"))
    if mine >= TRIES_A_DAY or everybody >= TRIES_AN_HOUR:
        if mine == TRIES_A_DAY or everybody == TRIES_AN_HOUR:
            ctx.notify("queue", "code_tries", "medium")
        return told
    if found := await _usable(ctx, code):
        ctx.person.link_code_id = found.id
    return told


async def may_link(ctx: Context, code: str) -> bool:
    """Whether bare digits are a code that may be used now. A miss counts as a try: nobody finds one by trying."""
    mine, everybody = await _tries(ctx)
    if mine >= TRIES_A_DAY or everybody >= TRIES_AN_HOUR:
        return False
    if await _usable(ctx, code):
        return True
    ctx.shelf.add(CodeTry(what="link"))
    return False


async def _tries(ctx: Context) -> tuple[int, int]:
    """Codes that were typed: by this person in a day, by everybody in an hour."""
    mine, _ = await ctx.shelf.recent(CodeTry, ctx.now - timedelta(days=1), what="link")
    _, everybody = await ctx.shelf.recent(CodeTry, ctx.now - timedelta(hours=1), what="link")
    return mine, everybody


async def _usable(ctx: Context, code: str) -> LinkCode | None:
    found = await ctx.shelf.by_code(LinkCode, code)
    good = found and found.used_at is None and found.expires_at > ctx.now and found.owner != ctx.person.id
    return found if good else None


def erasure_is_asked(ctx: Context) -> bool:
    """Whether deletion was asked for and may still be stopped. As long for what was not proved: who tries both must not
    see a difference."""
    if ctx.person.erase_at is not None:
        return True
    asked = ctx.person.profile.get(ERASURE)
    return asked is not None and ctx.now - datetime.fromisoformat(asked) < ERASE_AFTER + GRACE
