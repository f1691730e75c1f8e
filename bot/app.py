"""The composition root: the only place that knows every concrete class.

Law: joins parts, decides nothing; every process (server, chat, reply) is built here and closed here.
"""

from __future__ import annotations

import asyncio
import importlib
import math
import secrets as chance
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit
from uuid import UUID

import phonenumbers
from uuid_utils.compat import uuid7

from bot import content as content_room
from bot import databases, outgoing
from bot.attachments import Attachments
from bot.broadcasting import Broadcasting
from bot.channels.contract import Channel, Inbound, Receipt
from bot.channels.limits import LIMITS
from bot.conductor import Conductor
from bot.conductor.act import Staff
from bot.content import Content
from bot.digests import Digests
from bot.layouts import Layouts
from bot.media.files import Files
from bot.media.scan import Scanner
from bot.media.speech import LocalSpeech
from bot.nlu import unnamed
from bot.nlu.classifier import Classifier
from bot.nlu.danger import DangerFloor
from bot.nlu.names import Names
from bot.nlu.training import ensure_model
from bot.nlu.understanding import Understanding
from bot.nlu.wishes import Wishes
from bot.observe import logs, metrics
from bot.pager import Pager
from bot.sender import Sender
from bot.settings import Settings
from bot.staff_rooms import STAFF_KIND, StaffRooms
from bot.store import accounts, alive, calling, embedded
from bot.store.backlog import backlog
from bot.store.contents import Book, of_account
from bot.store.database import Database
from bot.store.gathered import Gathered
from bot.store.inbox import Inbox
from bot.store.keys import Keys
from bot.store.ledger import NAME as LEDGER
from bot.store.ledger import Ledger
from bot.store.migrate import current, serves
from bot.store.references import REFERENCE_DIGITS
from bot.store.shred import shred
from bot.store.wake import Wake
from bot.transports.bell import Bell
from bot.transports.contract import Transport
from bot.transports.simulator import Simulator
from bot.witness import Witness
from desk import permissions
from desk.alerts import DeskCounts
from handlers.references import check_digit

# Providers' packages are imported where a provider is configured: together they take a second of each start.
if TYPE_CHECKING:
    from bot.nlu.rasa import Rasa
    from bot.transports.telegram import Telegram
    from bot.transports.twilio import Twilio

log = logs.get(__name__)
SIMULATOR = "simulator"
LOOK_BACK = timedelta(days=3)  # of the ledger, each minute; at a start it looks at all
LOCAL = "http://127.0.0.1:8000"  # where the service listens in development, unless told otherwise


def utc_now() -> datetime:
    """The clock of the running service."""
    return datetime.now(UTC)


def backup_age(data_dir: Path, clock: Callable[[], datetime]) -> float:
    """Seconds since the newest backup that came to its end; infinite when none is known, which rings too."""
    age = alive.since(data_dir, clock(), alive.BACKED_UP)
    return math.inf if age is None else age.total_seconds()


def draw_reference() -> str:
    """A case reference: random digits and their check digit, never starting with 0."""
    digits = str(10 ** (REFERENCE_DIGITS - 1) + chance.randbelow(9 * 10 ** (REFERENCE_DIGITS - 1)))
    return digits + check_digit(digits)


def country_of(channel: str, address: str) -> str | None:
    """The country of a phone number's code (ISO 3166-1 alpha-2); None elsewhere, or when it is not certain."""
    if channel == "telegram":
        return None
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(address))
    except phonenumbers.NumberParseException:
        return None
    return region if region and len(region) == 2 and region.isalpha() else None


def load_channels() -> dict[str, Channel]:
    """Every channel of the limits table; channel `sms` is `bot/channels/sms.py`."""
    return {name: importlib.import_module(f"bot.channels.{name}").channel for name in LIMITS}


@dataclass(slots=True, repr=False)
class App:
    """A built service."""

    settings: Settings
    database: Database
    secrets: Keys
    content: Content
    channels: Mapping[str, Channel]
    layouts: Layouts
    inbox: Inbox
    turns: Conductor | None  # None where nothing is to be understood
    sender: Sender
    witness: Witness | None  # None without Twilio: no other provider's message can be cut anew
    staff: Staff
    wake: Wake
    attachments: Attachments
    transports: Mapping[str, Transport]
    clock: Callable[[], datetime]
    policy: outgoing.Policy
    ledger: Ledger
    pager: Pager
    digests: Digests
    rooms: StaffRooms
    broadcasting: Broadcasting
    rasa: Rasa | None = None  # None where the embedded classifier is all there is
    leaving: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # groups that we are about to leave
    arriving: Gathered[Inbound | Receipt] = field(init=False)

    def __post_init__(self) -> None:
        """What arrives together is committed together."""
        self.arriving = Gathered(self._store)
        self.wake.pressed = lambda: self.arriving.pressed

    @property
    def conductor(self) -> Conductor:
        """The worker of turns. Raises RuntimeError in an app that was built without understanding."""
        if self.turns is None:
            raise RuntimeError("this app was built without understanding")
        return self.turns

    async def receive(self, items: Sequence[Inbound | Receipt]) -> None:
        """Commit what a provider delivered; returns only when it is safe to say 2xx."""
        for item in items:
            if isinstance(item, Inbound) and item.kind == STAFF_KIND:
                await self.rooms.heard(item)
        items = [i for i in items if not (isinstance(i, Inbound) and i.kind == STAFF_KIND)]
        if items:
            await self.arriving.do(items)

    async def _store(self, items: Sequence[Inbound | Receipt]) -> None:
        countries = {i.address: country_of(i.channel, i.address) for i in items if isinstance(i, Inbound)}
        await self.inbox.receive(items, self.clock(), countries)

    async def quarantine(self, provider: str, account: str, event_id: str, raw: bytes) -> None:
        """Keep what was authentic but unreadable."""
        await self.inbox.quarantine(provider, account, event_id, raw, self.clock())

    async def after_erasing(self) -> None:
        """Note who was erased, and leave no trace of their keys in the files of a database that is ours."""
        if await self.ledger.note(self.database, self.clock() - LOOK_BACK) and self.settings.database_url is None:
            server = await asyncio.to_thread(embedded.ensure, self.settings.data_dir)
            if not await asyncio.to_thread(shred, server.on(urlsplit(self.database.url).path[1:]).url_admin):
                log.warning("shred_failed")

    async def acknowledge(self, page: str, key: str) -> str:
        """A colleague who was called pressed a key: what the call answers."""
        try:
            page_id = UUID(page)
        except ValueError:
            return ""
        from bot.transports.voice import KEY, heard

        if key != KEY:
            return ""
        async with self.database.begin() as connection:
            known = await calling.acknowledge(connection, page_id, self.clock())
        return heard(self.content.staff("en", "call_done", {})) if known is not None else ""

    async def ready(self) -> str:
        """`ok`, or a code that says what is missing."""
        if self.wake.stopping:
            return "stopping"
        try:
            async with asyncio.timeout(2), self.database.engine.connect() as connection:
                return "ok" if serves(await current(connection)) else "schema_outdated"
        except Exception as error:
            return f"database_{type(error).__name__}"

    async def backlog(self) -> Mapping[str, float]:
        """What waits in the database, for /metrics; {} when it does not answer."""
        try:
            async with asyncio.timeout(2), self.database.begin() as connection:
                return await backlog(connection)
        except Exception as error:
            log.warning("backlog_not_read", kind=type(error).__name__)
            return {}

    def engine(self) -> str:
        """Who says what a text means, `rasa` or `embedded`; empty where Rasa is not set up or nothing is understood."""
        if self.rasa is None:
            return ""
        return "rasa" if self.rasa.answers else "embedded"

    def decline(self, group: str, language: str) -> None:
        """Say in a group that we speak with one person alone, and leave it. Begun here, nobody waits for it. Where
        groups of colleagues are allowed, none is left: it may be about to be linked."""
        if self.settings.telegram_staff_groups:
            return
        transport = telegram_of(self.transports)
        if transport is None or group in self.leaving:
            return
        words = self.content.channel(language.partition("-")[0])["in_a_group"]
        task = asyncio.ensure_future(transport.leave(group, words))
        self.leaving[group] = task
        task.add_done_callback(lambda done: self._left(group, done))

    def _left(self, group: str, task: asyncio.Task[None]) -> None:
        self.leaving.pop(group, None)
        if not task.cancelled() and (error := task.exception()):
            log.warning("group_not_left", kind=type(error).__name__)

    async def look_at_contents(self) -> None:
        """What `saathi twilio provision` has made meanwhile may be used."""
        account = self.settings.twilio_account_sid
        if account:
            async with self.database.begin() as connection:
                self.layouts.contents.refill(await of_account(connection, account))

    async def look_again(self) -> None:
        """The same each minute, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(alive.touch, self.settings.data_dir, self.clock())
            except OSError as error:
                log.warning("alive_not_noted", kind=type(error).__name__)
            await asyncio.sleep(60)
            try:
                await self.look_at_contents()
            except Exception as error:
                log.warning("contents_not_read", kind=type(error).__name__)

    async def close(self) -> None:
        """Let go of connections."""
        for transport in set(self.transports.values()):
            await transport.close()
        if self.rasa is not None:
            self.rasa.close()
        await self.database.close()


def load_understanding(root: Path, data_dir: Path) -> Understanding:
    """The embedded classifier (trained in a child process if its data changed) over the rule floor."""
    model = ensure_model(root / "nlu_data", data_dir / "nlu")
    data = root / "nlu_data"
    return Understanding(
        Classifier.load(model),
        DangerFloor.load(data),
        Wishes.load(data / "wishes.yml"),
        names=Names.load(data / "names.yml"),
    )


def make_rasa(settings: Settings) -> Rasa | None:
    """Whoever answers under SAATHI_RASA_URL; nothing is asked of it here."""
    if not settings.rasa_url:
        return None
    from bot.nlu.rasa import Rasa

    return Rasa(settings.rasa_url, settings.rasa_token.get_secret_value() if settings.rasa_token else "")


def _judge(rules: Understanding) -> Callable[[str], str | None]:
    """The kind of danger in a text for which somebody is woken."""

    def judge(text: str) -> str | None:
        danger = rules.understand([text])[0].danger
        return danger.kind if danger and danger.tier == "page" else None

    return judge


def make_transports(settings: Settings, book: Book | None = None) -> dict[str, Transport]:
    """By provider name; only those that are configured. The simulator is there in development."""
    made: dict[str, Transport] = {}
    if settings.env == "development":
        made[SIMULATOR] = Simulator()
    if settings.twilio_account_sid and settings.twilio_tokens:
        from bot.transports.twilio import Twilio

        made["twilio"] = Twilio(settings, book)
    if settings.sms_gateway_url:
        from bot.transports.sms_gateway import SmsGateway

        made["sms_gateway"] = SmsGateway(settings)
    if settings.telegram_token:
        from bot.transports.telegram import Telegram

        made["telegram"] = Telegram(settings)
    return made


def telegram_of(transports: Mapping[str, Transport]) -> Telegram | None:
    """Telegram, which can do more than others: leave groups, poll, call colleagues."""
    return cast("Telegram | None", transports.get("telegram"))


def make_bells(settings: Settings, transports: Mapping[str, Transport]) -> dict[str, Bell]:
    """What calls colleagues; only what is configured."""
    bells: dict[str, Bell] = {}
    if (twilio := cast("Twilio | None", transports.get("twilio"))) is not None:
        from bot.transports.voice import Voice

        bells["voice"] = Voice(settings, twilio)
    if settings.smtp_url:
        from bot.transports.mail import Mail

        bells["email"] = Mail(settings)
    if (telegram := telegram_of(transports)) is not None:
        bells["telegram"] = telegram
    return bells


async def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    new_id: Callable[[], UUID] = uuid7,
    understanding: bool = True,
    migrating: bool = True,
) -> App:
    """Everything, ready to serve. Raises SettingsError or ContentError with what to do.

    Without `understanding` no model is trained or loaded, and there is no conductor: for `--role web` and for staff.
    """
    content = content_room.load(settings.root).served(
        settings.public_url.rstrip("/") or LOCAL, strict=settings.env == "production"
    )
    database = await databases.open_database(settings, migrating=migrating)
    try:
        keys = await databases.open_keys(database, settings)
        async with database.begin() as connection:
            await accounts.ensure_sims(connection, settings.gateway_numbers)
        ledger = Ledger(settings.data_dir / LEDGER)
        await ledger.note(database)
        if again := await ledger.carry_out(database, clock()):  # a backup was restored: before anything is served
            log.warning("erased_again", rows=again)
        model, hide, rasa = None, None, make_rasa(settings) if understanding else None
        if understanding:
            model = await asyncio.to_thread(load_understanding, settings.root, settings.data_dir)
            model = model.under(rasa) if rasa is not None else model
            hide = await asyncio.to_thread(unnamed.load, settings.root)
            content.words("en")  # the first message should not pay for what is heard in any
    except BaseException:
        await database.close()
        raise
    metrics.backup_age.set_function(partial(backup_age, settings.data_dir, clock))
    policy = outgoing.Policy.read(content.knowledge.get("contact_policy"), content.knowledge.get("duty"))
    book = Book()
    channels, transports = load_channels(), make_transports(settings, book)
    layouts = Layouts(channels, content, book)

    def transport_for(channel: str, account: str) -> Transport | None:
        if account == SIMULATOR:
            return transports.get(SIMULATOR)
        if channel == "sms" and account in settings.gateway_numbers:
            return transports.get("sms_gateway")
        return transports.get("telegram" if channel == "telegram" else "twilio")

    twilio = cast("Twilio | None", transports.get("twilio"))

    def provable(channel: str, account: str) -> bool:
        return twilio is not None and transport_for(channel, account) is twilio

    staff = Staff(database, keys, content, policy, clock, new_id, draw_reference)
    bells = make_bells(settings, transports)
    app = App(
        settings=settings,
        database=database,
        secrets=keys,
        content=content,
        channels=channels,
        layouts=layouts,
        inbox=Inbox(database, keys),
        turns=Conductor(
            database,
            keys,
            content,
            model,
            policy,
            clock=clock,
            new_id=new_id,
            draw_reference=draw_reference,
            floor=model.rules() if isinstance(model, Understanding) else None,
            unnamed=hide.strip if hide else None,
            provable=provable,
        )
        if model
        else None,
        sender=Sender(
            database,
            keys,
            layouts,
            policy,
            transport_for,
            clock=clock,
            sims=settings.gateway_numbers,
            most_a_day={"sms": settings.sms_most_a_day} if settings.sms_most_a_day else {},
        ),
        witness=Witness(database, keys, twilio.vouch, clock=clock) if twilio else None,
        staff=staff,
        wake=Wake(database),
        attachments=Attachments(
            database,
            keys,
            transport_for,
            Files(settings.data_dir / "media"),
            clock=clock,
            scanner=Scanner(settings.media_scanner),
            speech=LocalSpeech(settings.speech_command) if settings.speech_command else None,
            judge=_judge(model.rules()) if isinstance(model, Understanding) else None,
        ),
        transports=transports,
        clock=clock,
        policy=policy,
        ledger=ledger,
        pager=Pager(
            database,
            keys,
            content,
            bells,
            clock=clock,
            alerts=settings.alert_addresses,
            groups=settings.telegram_staff_groups,
        ),
        digests=Digests(
            database, keys, content, bells, DeskCounts(permissions.load(settings.root), clock), clock=clock
        ),
        rooms=StaffRooms(
            database,
            keys,
            content,
            staff,
            telegram_of(transports),
            clock=clock,
            groups=settings.telegram_staff_groups,
        ),
        broadcasting=Broadcasting(database, keys, content, policy, clock),
        rasa=rasa,
    )
    await app.look_at_contents()
    return app
