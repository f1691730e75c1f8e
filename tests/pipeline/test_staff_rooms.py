"""Chats of staff: linked by a code, a number taken by a tap; all other groups hear nothing of us."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.channels.telegram import channel
from bot.pager import Pager
from bot.staff_rooms import StaffRooms
from bot.store import interpreting, staff_chats
from bot.transports.bell import Ring
from tests.conftest import NOON
from tests.pipeline.at_the_desk import hire, works
from tests.pipeline.world import ACCOUNT, World

NUMBERS = itertools.count(12345678)
ASHA, BIMALA, GROUP, STRANGER = 9001, 9002, -100123, 9009
H = timedelta(hours=1)


@dataclass
class Chat:
    """Takes what is written."""

    written: list[tuple[str, str]] = field(default_factory=list)
    rung: list[tuple[str, Ring]] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)

    async def write(self, to: str, text: str) -> str:
        self.written.append((to, text))
        return "1"

    async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
        self.rung.append((to, ring))
        return "1"

    async def acknowledge(self, *, account: str, ack: str) -> None:
        self.acked.append(ack)


class Telegram:
    """Updates as Telegram sends them, into the service."""

    def __init__(self, world: World, *, groups: bool = True) -> None:
        self.world, self.chat, self.number = world, Chat(), 0
        app = world.app
        app.rooms = StaffRooms(
            app.database, app.secrets, app.content, app.staff, self.chat, clock=world.clock, groups=groups
        )

    async def _update(self, **body: Any) -> None:
        self.number += 1
        await self.world.app.receive(channel.parse({"update_id": self.number, **body}, ACCOUNT))
        await self.world.turns()

    async def says(self, who: int, text: str, chat: int | None = None) -> None:
        """Somebody writes, in their own chat or in a group."""
        await self._update(
            message={
                "message_id": self.number + 1,
                "date": 1764000000,
                "text": text,
                "from": {"id": who, "is_bot": False, "first_name": "A"},
                "chat": {"id": chat or who, "type": "supergroup" if chat else "private"},
            }
        )

    async def taps(self, who: int, data: str, chat: int | None = None) -> None:
        """Somebody taps a button."""
        await self._update(
            callback_query={
                "id": f"q{self.number}",
                "chat_instance": "1",
                "data": data,
                "from": {"id": who, "is_bot": False, "first_name": "A"},
                "message": {
                    "message_id": 5,
                    "date": 1764000000,
                    "text": "x",
                    "chat": {"id": chat or who, "type": "supergroup" if chat else "private"},
                },
            }
        )


async def code(world: World, user: UUID) -> str:
    digits = f"{next(NUMBERS):08}"
    async with world.app.database.begin() as connection:
        await staff_chats.make_code(connection, world.app.secrets, user, digits, world.now, 30)
    return digits


async def test_a_chat_is_linked_by_a_code_that_works_once_and_for_minutes(world: World) -> None:
    phone = Telegram(world)
    asha = await hire(world, "asha")
    digits = await code(world, asha)
    await phone.says(ASHA, "/staff 00000000")
    await phone.says(ASHA, f"/staff {digits}")
    await phone.says(BIMALA, f"/staff {digits}")
    assert [text.split(".")[0] for _, text in phone.chat.written] == [
        "This code does not work",
        "This chat is linked",
        "This code does not work",
    ]
    late = await code(world, asha)
    world.clock.move(minutes=31)
    await phone.says(BIMALA, f"/staff {late}")
    assert phone.chat.written[-1][1].startswith("This code does not work")
    assert await world.one("SELECT count(*) FROM addresses WHERE kind = 'staff'") == 1
    assert await world.one("SELECT count(*) FROM contacts") == 0, "nobody became a person by it"


async def test_who_guesses_ends_the_code(world: World) -> None:
    phone = Telegram(world)
    digits = await code(world, await hire(world, "asha"))
    for guess in range(staff_chats.MOST_TRIES):
        await phone.says(STRANGER, f"/staff {guess:08}")
    await phone.says(ASHA, f"/staff {digits}")
    assert phone.chat.written[-1][1].startswith("This code does not work")


async def test_what_is_chatted_there_is_kept_nowhere(world: World) -> None:
    phone = Telegram(world)
    await phone.says(ASHA, f"/staff {await code(world, await hire(world, 'asha'))}")
    await phone.says(ASHA, "he has a knife")
    for table in ("contacts", "conversations", "inbox", "messages", "notices", "cases"):
        assert await world.one(f"SELECT count(*) FROM {table}") == 0, table


async def test_a_person_s_chat_does_not_become_one_of_staff(world: World) -> None:
    phone = Telegram(world)
    digits = await code(world, await hire(world, "asha"))
    await phone.says(ASHA, "hello")
    await phone.says(ASHA, f"/staff {digits}")
    assert phone.chat.written[-1][1].startswith("This code does not work")
    assert await world.one("SELECT kind FROM addresses") == "person"


async def test_a_number_is_taken_and_given_back_by_a_tap(world: World) -> None:
    phone = Telegram(world)
    asha, bimala = await hire(world, "asha"), await hire(world, "bimala")
    await phone.says(ASHA, f"/staff {await code(world, asha)}")
    await phone.says(BIMALA, f"/staff {await code(world, bimala)}")
    await world.says("501", "human")
    reference = await world.one("SELECT reference FROM cases")
    await phone.says(ASHA, f"/staff {await code(world, asha)}", GROUP)
    phone.chat.written.clear()
    for who, act in ((STRANGER, "take"), (ASHA, "take"), (BIMALA, "take"), (BIMALA, "give"), (ASHA, "give")):
        await phone.taps(who, f"s:{act}:{reference}", GROUP)
    told = [text.partition(": ")[2] for _, text in phone.chat.written]
    assert told == [
        "taken. Write on the desk.",
        "a colleague has it.",
        "a colleague has it, or a supervisor has to.",
        "given back.",
    ], "and the stranger hears nothing"
    assert len(phone.chat.acked) == 5
    assert await world.one("SELECT owner FROM conversations") == "bot"
    await phone.taps(ASHA, "s:take:0000000", GROUP)
    assert phone.chat.written[-1][1].endswith("there is nothing to do here any more.")


async def test_groups_are_refused_until_they_are_turned_on_and_linked(world: World) -> None:
    asha = await hire(world, "asha")
    phone = Telegram(world, groups=False)
    await phone.says(ASHA, f"/staff {await code(world, asha)}", GROUP)
    await phone.says(ASHA, "hello everybody", GROUP)
    await phone.taps(ASHA, "s:take:4829173", GROUP)
    phone = Telegram(world, groups=True)
    await phone.says(ASHA, "hello everybody", GROUP)
    await phone.taps(ASHA, "s:take:4829173", GROUP)
    assert (phone.chat.written, await world.one("SELECT count(*) FROM addresses")) == ([], 0)


async def test_in_a_group_stands_a_number_and_never_what_is_grave(world: World) -> None:
    asha = await hire(world, "asha", languages=["en"])
    await works(world, asha, NOON - H, 9)
    phone = Telegram(world)
    await phone.says(ASHA, f"/staff {await code(world, asha)}", GROUP)
    for who, text in (("501", "human"), ("502", "he has a knife"), ("503", "missing")):
        await world.says(who, text)
    chat = Chat()
    pager = Pager(
        world.app.database, world.app.secrets, world.app.content, {"telegram": chat}, clock=world.clock, groups=True
    )
    await pager.run_once()
    await pager.run_once()
    ((to, ring),) = chat.rung
    reference = await world.one("SELECT reference FROM cases WHERE kind = 'talk_to_human'")
    assert to == str(GROUP)
    assert ring.text == f"Number {reference[:3]} {reference[3:6]} {reference[6:]} waits for you. Write on the desk."
    assert [data for _, data in ring.buttons] == [f"s:take:{reference}", f"s:give:{reference}"]


async def test_a_colleague_s_own_chat_gets_the_page_and_says_that_it_was_seen(world: World) -> None:
    asha = await hire(world, "asha", languages=["en"])
    await works(world, asha, NOON - H, 9)
    phone = Telegram(world)
    await phone.says(ASHA, f"/staff {await code(world, asha)}")
    await world.says("502", "he has a knife")
    chat = Chat()
    pager = Pager(world.app.database, world.app.secrets, world.app.content, {"telegram": chat}, clock=world.clock)
    await pager.run_once()
    ((to, ring),) = chat.rung
    assert to == str(ASHA)
    await phone.taps(ASHA, ring.buttons[0][1])
    assert phone.chat.written[-1][1].endswith(": noted.")
    assert await world.one("SELECT acknowledged_at IS NOT NULL FROM pages")
    await phone.says(ASHA, "/staff off")
    assert await world.one("SELECT count(*) FROM staff_chats") == 0


# --- interpreters


async def test_an_interpreter_reads_one_conversation_for_a_time(world: World) -> None:
    asha = await hire(world, "asha")
    nimal = await hire(world, "nimal", "interpreter")
    await world.says("501", "human")
    await world.says("502", "human")
    one, other = await world.where("501"), await world.where("502")
    async with world.app.database.begin() as connection:
        for user, heard_by, code_ in ((asha, nimal, "role"), (nimal, nimal, "self")):
            with pytest.raises(interpreting.Refused, match=code_):
                await interpreting.grant(connection, one, user, "si", world.now, declared_to=heard_by, days=14)
        await interpreting.grant(connection, one, nimal, "si", world.now, declared_to=asha, days=14)
        with pytest.raises(interpreting.Refused, match="busy"):
            await interpreting.grant(connection, other, nimal, "si", world.now, declared_to=asha, days=14)
        for where, days, allowed in ((one, 0, True), (other, 0, False), (one, 13, True), (one, 15, False)):
            access = await interpreting.current(connection, nimal, world.now + timedelta(days=days))
            assert (access is not None and access.conversation_id == where.conversation_id) is allowed
        assert await interpreting.current(connection, asha, world.now) is None
        assert await interpreting.end(connection, nimal, world.now)
        assert await interpreting.current(connection, nimal, world.now) is None
    assert await world.one("SELECT declaration FROM interpreters") == interpreting.DECLARED


async def test_a_tap_takes_no_case_of_another_organisation(world: World) -> None:
    """What a button sends comes from a telephone, and any number can be put into it."""
    phone, asha = Telegram(world), await hire(world, "asha")
    await phone.says(ASHA, f"/staff {await code(world, asha)}")
    await world.run("UPDATE organisations SET settings = '{\"main\": true}'")
    await world.says("501", "my wages are not paid", "human please")
    reference = await world.one("SELECT reference FROM cases")
    await world.run("INSERT INTO organisations (id, name) VALUES (gen_random_uuid(), 'Shelter')")
    await world.run("UPDATE cases SET organisation_id = (SELECT id FROM organisations WHERE name = 'Shelter')")
    await phone.taps(ASHA, f"s:take:{reference}")
    assert await world.one("SELECT count(*) FROM conversations WHERE owner = 'human'") == 0
    await world.run("UPDATE cases SET organisation_id = NULL")
    await phone.taps(ASHA, f"s:take:{reference}")
    assert await world.one("SELECT owner_user_id FROM conversations WHERE owner = 'human'") == asha
