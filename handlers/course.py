"""The orientation course: lessons two by two, questions with their reasons, what went wrong once more, and a paper at
the end.

Law: lessons are `knowledge/orientation/`; only ids and counts are kept of a learner (`Person.profile`), so that she
goes on from any channel that is hers. No paper for a child.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.store.records import Certificate, CertificateLink
from handlers import children, facts
from handlers.codes import in_fours
from handlers.context import Context, Outcome

__all__ = ["again", "award", "begin", "look", "mark", "parts", "step"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "look": {"going": ("title", "tracks"), "new": ("tracks",)},
    "parts": {"found": ("title", "done", "all", "parts"), "complete": ("title",), "young": ("title",), "none": ()},
    "begin": {"begun": (), "none": ()},
    "step": {
        "lesson": ("lesson",),
        "question": ("number", "question", "answers"),
        "passed": ("right", "all"),
        "failed": ("right", "all"),
        "none": (),
    },
    "mark": {"right": ("why",), "wrong": ("correct", "why"), "none": ()},
    "again": {"begun": (), "none": ()},
    "award": {"made": ("title", "code", "token"), "none": ()},
}

PAPER = "paper"  # among the parts: the paper once more
COURSE = "course"  # in the profile
TOGETHER = 2  # lessons in one message
BESIDE = ("departure", "leaflets", "rules")  # offered after the tracks (knowledge/terms.yml)
LINK_DAYS = 7
CODE, TOKEN = 16, 40  # digits; a token of 40 digits has more than 128 bits


def tracks(ctx: Context) -> Mapping[str, Any]:
    """The tracks by id in their order, with the parts that may be shown."""
    found = {}
    files = ctx.knowledge.get("orientation").items()
    for name, file in sorted(files, key=lambda item: int(item[1].get("place", 0))):
        parts = {part: spec for part, spec in file.get("modules", {}).items() if facts.may_be_shown(spec, file)}
        if parts:
            found[name] = {**file, "modules": parts}
    return found


def _text(*path: str) -> dict[str, str]:
    return {"text": ".".join(("orientation", *path))}


def _state(ctx: Context) -> dict[str, Any]:
    """Where she is: `track`, `part`, `lesson` (how many she has read), `left` (questions to come), `wrong`, `done`
    (track -> part -> how many were right). Content may have changed meanwhile: what is gone is dropped."""
    kept = ctx.person.profile.get(COURSE)
    state: dict[str, Any] = dict(kept) if isinstance(kept, Mapping) else {}
    if state.get("part") not in tracks(ctx).get(str(state.get("track")), {}).get("modules", {}):
        state.pop("part", None)
    return state


def _keep(ctx: Context, state: dict[str, Any], **changes: Any) -> None:
    ctx.person.profile = {**ctx.person.profile, COURSE: {**state, **changes}}


def _part(ctx: Context, state: Mapping[str, Any]) -> Mapping[str, Any]:
    part: Mapping[str, Any] = tracks(ctx)[state["track"]]["modules"][state["part"]]
    return part


def _score(ctx: Context, state: Mapping[str, Any], track: str, part: str) -> int:
    right = state.get("done", {}).get(track, {}).get(part, 0)
    return min(int(right), len(tracks(ctx)[track]["modules"][part]["quiz"]))


def _passed(ctx: Context, state: Mapping[str, Any], track: str) -> list[str]:
    """The parts of a track that she has passed."""
    file = tracks(ctx)[track]
    return [part for part in file["modules"] if _score(ctx, state, track, part) >= file["pass_mark"]]


async def look(ctx: Context) -> Outcome:
    """What there is to learn, and whether she stopped in the middle of something."""
    rows = [{"id": name, "value": _text(name, "title")} for name in tracks(ctx)]
    rows += [{"id": name, "value": {"text": f"terms.{name}.label"}} for name in BESIDE]
    state = _state(ctx)
    if "part" not in state:
        return Outcome("new", {"tracks": rows})
    return Outcome("going", {"title": _text(state["track"], state["part"], "title"), "tracks": rows})


async def parts(ctx: Context, *, track: str | None = None) -> Outcome:
    """The parts of a track; the present one, if none is named. `complete`: all passed, the paper is to come. `none`: no
    track may be shown."""
    state = _state(ctx)
    name = next((n for n in map(str, (track, state.get("track"), *tracks(ctx))) if n in tracks(ctx)), None)
    if name is None:  # what was there was taken back
        return Outcome("none")
    modules, passed = tracks(ctx)[name]["modules"], _passed(ctx, state, name)
    title = _text(name, "title")
    _keep(ctx, {k: v for k, v in state.items() if k != "part"}, track=name)
    if len(passed) == len(modules) and not await _paper(ctx, name):
        return Outcome("young" if children.is_child(ctx) else "complete", {"title": title})
    open_first = sorted(modules, key=lambda part: part in passed)
    rows = [{"id": part, "value": _text(name, part, "title")} for part in open_first]
    if len(passed) == len(modules) and not children.is_child(ctx):  # there is a paper: its link lasts some days only
        rows.append({"id": PAPER, "value": {"text": "terms.paper.label"}})
    return Outcome("found", {"title": title, "done": len(passed), "all": len(modules), "parts": rows})


async def begin(ctx: Context, *, part: str | None = None) -> Outcome:
    """Start a part from its first lesson."""
    state = _state(ctx)
    quiz = tracks(ctx).get(str(state.get("track")), {}).get("modules", {}).get(part, {}).get("quiz")
    if not quiz:
        return Outcome("none")
    _keep(ctx, state, part=part, lesson=0, left=list(quiz), wrong=[], right=0)
    return Outcome("begun")


async def step(ctx: Context) -> Outcome:
    """The next two lessons, then one question after the other, then how it went."""
    state = _state(ctx)
    if "part" not in state:
        return Outcome("none")
    part, read = _part(ctx, state), int(state.get("lesson", 0))
    lessons = list(part["lessons"])[read : read + TOGETHER]
    where = (state["track"], state["part"])
    if lessons:
        _keep(ctx, state, lesson=read + len(lessons))
        said = [_text(*where, name, "say") for name in lessons]
        if not read and not facts.is_checked(part, tracks(ctx)[state["track"]]):  # once, where a part begins
            said.insert(0, facts.term("unsigned"))
        return Outcome("lesson", {"lesson": {"list": said}})
    left = [q for q in state.get("left", ()) if q in part["quiz"]]
    if not left:
        return _over(ctx, state)
    question = left[0]
    answers = [
        {"id": f"{state['part']}_{question}_{letter}", "value": _text(*where, question, letter)}
        for letter in part["quiz"][question]["answers"]
    ]
    number = list(part["quiz"]).index(question) + 1
    return Outcome("question", {"number": number, "question": _text(*where, question, "ask"), "answers": answers})


def _over(ctx: Context, state: dict[str, Any]) -> Outcome:
    """All questions were answered: the best result counts."""
    track, part, right = state["track"], state["part"], int(state.get("right", 0))
    total = len(_part(ctx, state)["quiz"])
    done = {name: dict(scores) for name, scores in state.get("done", {}).items()}
    done.setdefault(track, {})[part] = max(right, _score(ctx, state, track, part))
    passed = done[track][part] >= tracks(ctx)[track]["pass_mark"]
    after = {k: v for k, v in state.items() if k != "part"} if passed else state
    _keep(ctx, after, done=done)
    return Outcome("passed" if passed else "failed", {"right": right, "all": total})


async def mark(ctx: Context, *, answer: str | None = None) -> Outcome:
    """Whether the answer of the question that was asked last is right, and why."""
    state = _state(ctx)
    left = list(state.get("left", ()))
    if "part" not in state or not left or answer is None:
        return Outcome("none")
    question = left.pop(0)
    spec = _part(ctx, state)["quiz"].get(question)
    part, _, letter = answer.rpartition("_")
    if spec is None or part != f"{state['part']}_{question}":
        return Outcome("none")
    where = (state["track"], state["part"], question)
    if letter == spec["right"]:
        _keep(ctx, state, left=left, right=int(state.get("right", 0)) + 1)
        return Outcome("right", {"why": _text(*where, "why")})
    _keep(ctx, state, left=left, wrong=[*state.get("wrong", ()), question])
    return Outcome("wrong", {"correct": _text(*where, spec["right"]), "why": _text(*where, "why")})


async def again(ctx: Context) -> Outcome:
    """Only what went wrong, once more."""
    state = _state(ctx)
    if "part" not in state or not state.get("wrong"):
        return Outcome("none")
    _keep(ctx, state, left=list(state["wrong"]), wrong=[])
    return Outcome("begun")


async def _paper(ctx: Context, track: str) -> Certificate | None:
    for paper in await ctx.shelf.mine(Certificate):
        if paper.track == track and paper.revoked_at is None:
            return paper
    return None


async def award(ctx: Context, *, name: str | None = None) -> Outcome:
    """The paper of the present track: a code that anybody may check, and a link of some days to the file, which bears
    the name that she wants to stand there."""
    state = _state(ctx)
    track = str(state.get("track"))
    if track not in tracks(ctx) or children.is_child(ctx):
        return Outcome("none")
    modules = tracks(ctx)[track]["modules"]
    if len(_passed(ctx, state, track)) < len(modules):
        return Outcome("none")
    questions = sum(len(part["quiz"]) for part in modules.values())
    right = sum(_score(ctx, state, track, part) for part in modules)
    paper = await _paper(ctx, track) or ctx.shelf.add(
        Certificate(track=track, code=ctx.digits(CODE), score=round(100 * right / questions))
    )
    token = f"{int(ctx.digits(TOKEN)):x}"
    ctx.shelf.add(
        CertificateLink(
            token=token,
            certificate_id=paper.id,
            language=ctx.person.language or ctx.person.language_guess or "en",
            expires_at=ctx.now + timedelta(days=LINK_DAYS),
            name=(name or "").strip()[:60],
        )
    )
    return Outcome("made", {"title": _text(track, "title"), "code": in_fours(paper.code), "token": token})
