"""Files and places that a person sent: looked at, listened to, described, saved; all of a case in one archive.

Law: a file goes out of memory, opened for this one answer, and is kept nowhere. What a browser shows is a picture made
anew, or sound and film for a player; the original is only ever saved. Each opening has a line in the trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from bot import attachments
from bot.media.files import Files
from bot.media.preview import Previews
from bot.media.sniff import PLAYED
from bot.store import attachments as rows
from bot.store import evidence as store
from bot.store import history
from bot.store.evidence import ABOUT, Of
from desk import bundle, ranges
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.routes.case import PATHS, address
from desk.views import case as case_view
from desk.views import evidence as view
from desk.views.case import Head
from desk.views.evidence import KINDS, Item

OF = "evidence"
MOST = {"label": 200, "proves": 2000, "transcript": 8000}  # characters
PLACES_IN = 5000  # of the newest messages: places are lines of the conversation, and those are sealed
TOLD = frozenset({"saved", "fetching", "not_fetched"})
# Whatever comes out of here is no page: nothing in it runs, loads or is taken for another type.
SHUT = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


def _under(path: str) -> list[str]:
    return [f"{one}/evidence{path}" for one in PATHS]


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    previews = Previews()

    async def read(which: UUID) -> tuple[str, bytes] | None:
        files = Files(office.settings.data_dir / "media")
        return await attachments.read(office.database, office.secrets, files, which)

    async def all_of(visit: Visit) -> tuple[Head, list[Item]]:
        async with office.database.begin() as connection:
            head = await case_view.head(connection, office.secrets, visit.here)
            thread = await history.window(connection, head.where, most=PLACES_IN) if head.where else None
            items = await view.items(connection, head.key, visit.here, thread.lines if thread else ())
            return head, [_shown(visit, one) for one in items]

    async def known(visit: Visit, which: UUID) -> tuple[Head, Item]:
        """One file or place of this very conversation. Messages are read only for a place."""
        async with office.database.begin() as connection:
            head = await case_view.head(connection, office.secrets, visit.here)
            item = await view.one(connection, head.key, visit.here, which)
        if item is not None:
            return head, _shown(visit, item)
        head, items = await all_of(visit)
        found = next((one for one in items if one.id == which), None)
        if found is None:
            raise NotFoundException
        return head, found

    def _shown(visit: Visit, item: Item) -> Item:
        return item if "record" in may(visit) else item.bare()

    async def opened(visit: Visit, which: UUID) -> tuple[str, bytes]:
        """(type, bytes) of a file of this very conversation."""
        async with office.database.begin() as connection:
            head = await case_view.head(connection, office.secrets, visit.here)
            item = await view.one(connection, head.key, visit.here, which)
        found = await read(which) if item is not None and item.here else None
        if found is None:
            raise NotFoundException
        return found

    def may(visit: Visit) -> frozenset[str]:
        return frozenset(
            one
            for one in office.permissions.on_cases
            if office.permissions.may(visit.user.role, one, visit.here.relations, visit.here.state)
        )

    @show(_under(""), "view", trail="evidence.list")
    async def listed(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        head, items = await all_of(visit)
        wanted = request.query_params.get("kind", "")
        counts = {kind: sum(one.kind == kind for one in items) for kind in KINDS}
        return office.look.page(
            visit,
            "evidence.html",
            here=address(visit.here),
            head=head,
            items=[one for one in items if wanted not in KINDS or one.kind == wanted],
            counts=counts,
            kind=wanted if wanted in KINDS else "",
            may=may(visit),
        )

    async def page(
        visit: Visit,
        which: UUID,
        told: str = "",
        status: int = 200,
        form: Mapping[str, str] | None = None,
        *,
        open: bool = False,
    ) -> Response[str]:
        head, item = await known(visit, which)
        kept = {name: getattr(item, name) for name in MOST} | {"about": item.about or ""}
        written = {name: form[name] if form and name in form else value for name, value in kept.items()}
        important = "important" in form if form and "label" in form else item.important
        return office.look.page(
            visit,
            "evidence_item.html",
            status=status,
            here=address(visit.here),
            head=head,
            one=item,
            open=open,
            told=told,
            written=written,
            important=important,
            most=MOST,
            abouts=ABOUT,
            may=may(visit),
            ending=bundle.ending(item.content_type),
        )

    @show(_under("/{which:uuid}"), "view", trail="evidence.view", of=OF)
    async def one(request: Request[Any, Any, Any], visit: TheVisit, which: FromPath[UUID]) -> Response[str]:
        told = request.query_params.get("told", "")
        return await page(visit, which, told if told in TOLD else "", open=request.query_params.get("open") == "yes")

    @show(_under("/{which:uuid}/preview"), "view", trail="evidence.preview", of=OF)
    async def preview(visit: TheVisit, which: FromPath[UUID]) -> Response[bytes]:
        kind, data = await opened(visit, which)
        made = await previews.make(data, kind, grey=visit.user.settings.get("grey") == "yes")
        if made is None:
            return Response(b"", status_code=415, media_type="image/jpeg", headers=SHUT)
        return Response(made, media_type="image/jpeg", headers={**SHUT, "Content-Disposition": "inline"})

    @show(_under("/{which:uuid}/play"), "view", trail="evidence.play", of=OF, goes_on=True)
    async def play(request: Request[Any, Any, Any], visit: TheVisit, which: FromPath[UUID]) -> Response[bytes]:
        kind, data = await opened(visit, which)
        if kind not in PLAYED:
            return Response(b"", status_code=415, media_type="application/octet-stream", headers=SHUT)
        headers = {**SHUT, "Content-Disposition": "inline", "Accept-Ranges": "bytes"}
        try:
            part = ranges.part(request.headers.get("range", ""), len(data))
        except ranges.Unsatisfiable:
            headers["Content-Range"] = f"bytes */{len(data)}"
            return Response(b"", status_code=416, media_type=kind, headers=headers)
        if part is None:
            return Response(data, media_type=kind, headers=headers)
        headers["Content-Range"] = f"bytes {part[0]}-{part[1]}/{len(data)}"
        return Response(data[part[0] : part[1] + 1], status_code=206, media_type=kind, headers=headers)

    @show(_under("/{which:uuid}/original"), "print", trail="evidence.download", of=OF)
    async def original(visit: TheVisit, which: FromPath[UUID]) -> Response[bytes]:
        kind, data = await opened(visit, which)
        name = f"evidence-{str(which)[-8:]}.{bundle.ending(kind)}"
        headers = {**SHUT, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @act("/case/{reference:str}/evidence/archive", "print", trail="evidence.export", media_type="application/zip")
    async def archive(visit: TheVisit) -> Stream:
        _, items = await all_of(visit)

        def say(code: str) -> str:
            return office.look.word(visit.language, f"evidence.{code}")

        headers = {**SHUT, "Content-Disposition": f'attachment; filename="evidence-{visit.here.reference}.zip"'}
        return Stream(bundle.zipped(items, read, say), media_type="application/zip", headers=headers)

    async def write(visit: Visit, which: UUID, told: Mapping[str, Any]) -> Redirect:
        head, item = await known(visit, which)
        place = visit.here
        assert place.conversation_id is not None
        of = Of(which, place.subject_id, place.conversation_id, item.message_id, place.case_id, head.key)
        async with office.database.begin() as connection:
            await store.write(connection, office.secrets, of, visit.user.id, visit.now, **told)
        await office.live.tell()
        return Redirect(f"{address(place)}/evidence/{which}?told=saved", status_code=303)

    @act(_under("/{which:uuid}"), "note", trail="evidence.describe", of=OF)
    async def describe(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        label, proves, about = fields(visit.form, "label", "proves", "about")
        if len(label) > MOST["label"] or len(proves) > MOST["proves"] or about not in ("", *ABOUT):
            return await page(visit, which, "too_long", 400, visit.form)
        important = visit.form.get("important") == "yes"
        told = {"label": label, "proves": proves, "about": about or None, "important": important}
        return await write(visit, which, told)

    @act(_under("/{which:uuid}/transcript"), "note", trail="evidence.transcribe", of=OF)
    async def transcribe(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        (transcript,) = fields(visit.form, "transcript")
        if len(transcript) > MOST["transcript"]:
            return await page(visit, which, "too_long", 400, visit.form)
        return await write(visit, which, {"transcript": transcript})

    @act(_under("/{which:uuid}/again"), "note", trail="evidence.fetch", of=OF)
    async def again(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        await known(visit, which)
        async with office.database.begin() as connection:
            done = await rows.again(connection, which, visit.now)
        await office.live.tell()
        told = "fetching" if done else "not_fetched"
        return Redirect(f"{address(visit.here)}/evidence/{which}?told={told}", status_code=303)

    return [listed, one, preview, play, original, archive, describe, transcribe, again]
