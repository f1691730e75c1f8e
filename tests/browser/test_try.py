"""The simulator's page in a real browser: what the three phones show, and what hands can do with them.

Law: the phones of these tests use the real layouts; only the engine behind them is made up.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from playwright.async_api import Locator, Page, expect

from bot.engine.messages import Option
from bot.web.simulator import simulator
from tests.fakes import replies
from tests.fakes.phones import MemoryPhones
from tests.fakes.server import served

pytestmark = pytest.mark.browser
CHANNELS = ("whatsapp", "sms", "telegram")


@dataclass
class Desk:
    """The page, and the phones behind it."""

    page: Page
    phones: MemoryPhones
    url: str

    def station(self, channel: str) -> Locator:
        return self.page.locator(f".station.{channel}")

    def log(self, channel: str) -> Locator:
        return self.station(channel).locator(".log")

    def input(self, channel: str) -> Locator:
        return self.station(channel).locator("textarea")

    async def address(self, channel: str) -> str:
        return await self.station(channel).locator(".address").input_value()

    async def write(self, channel: str, text: str) -> None:
        await self.input(channel).fill(text)
        await self.input(channel).press("Enter")


@pytest.fixture
async def desk(browser_page: Page) -> AsyncIterator[Desk]:
    phones = MemoryPhones()
    async with served(simulator(phones)) as url:
        await browser_page.goto(f"{url}/try")
        yield Desk(browser_page, phones, url)
        await browser_page.goto("about:blank")  # no more questions to a server that goes away


async def test_three_phones_stand_side_by_side(desk: Desk) -> None:
    boxes = [await desk.station(channel).locator(".phone").bounding_box() for channel in CHANNELS]
    lefts = [box["x"] for box in boxes if box]
    assert len(lefts) == 3
    assert lefts == sorted(lefts)
    assert len({box["y"] for box in boxes if box}) == 1
    grounds = {
        await desk.station(c).locator(".top").evaluate("e => getComputedStyle(e).backgroundColor") for c in CHANNELS
    }
    assert len(grounds) == 3  # three looks


async def test_every_visit_is_a_new_person_and_a_reload_is_not(desk: Desk) -> None:
    before = [await desk.address(channel) for channel in CHANNELS]
    assert all(re.fullmatch(r"\+9655\d{7}", address) for address in before[:2])
    assert re.fullmatch(r"9\d{9}", before[2])
    await desk.page.reload()
    assert [await desk.address(channel) for channel in CHANNELS] == before
    await desk.station("sms").get_by_role("button", name="New person").click()
    assert await desk.address("sms") != before[1]
    assert await desk.address("whatsapp") == before[0]


async def test_a_country_gives_a_number_of_that_country(desk: Desk) -> None:
    await desk.station("whatsapp").locator(".country").select_option(label="Nepal +977")
    assert re.fullmatch(r"\+97798\d{8}", await desk.address("whatsapp"))


async def test_a_typed_number_is_another_persons_thread(desk: Desk) -> None:
    desk.phones.say("sms", "+60123456789", replies.welcome("en"))
    field = desk.station("sms").locator(".address")
    await field.fill("0060 12-345 6789")
    await field.press("Enter")
    await expect(field).to_have_value("+60123456789")
    await expect(desk.log("sms")).to_contain_text("This is Saathi")
    await expect(desk.station("sms").locator(".country")).to_have_value("+60")
    await field.fill("not a number")
    await field.press("Enter")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(desk.station("sms").locator(".trouble")).to_contain_text("5 to 15 digits")


async def test_a_text_is_sent_with_enter_and_the_input_keeps_the_focus(desk: Desk) -> None:
    await desk.write("whatsapp", "मेरो तलब आएन")
    await expect(desk.input("whatsapp")).to_be_focused()
    await expect(desk.input("whatsapp")).to_have_value("")
    await expect(desk.log("whatsapp").locator(".mine:not(.leaving)")).to_have_text(re.compile("^मेरो तलब आएन"))
    assert desk.phones.taken == [("whatsapp", await desk.address("whatsapp"), "मेरो तलब आएन", "", "")]
    await desk.page.reload()
    await expect(desk.log("whatsapp").locator(".mine")).to_have_count(1)


async def test_shift_enter_writes_a_line_and_blank_sends_nothing(desk: Desk) -> None:
    await desk.write("sms", "   ")
    await desk.input("sms").fill("one")
    await desk.input("sms").press("Shift+Enter")
    await desk.page.keyboard.type("two")
    await desk.input("sms").press("Enter")
    await expect(desk.log("sms").locator(".mine:not(.leaving)")).to_have_count(1)
    assert [taken[2] for taken in desk.phones.taken] == ["one\ntwo"]


WATCH = """log => {
  log.disorders = [];
  new MutationObserver(() => {
    const shown = [...log.querySelectorAll("p")].map((p) => p.textContent);
    if (shown.join() !== [...shown].sort().join()) log.disorders.push(shown.join());
  }).observe(log, { childList: true });
}"""


async def test_quick_lines_arrive_in_order_and_once(desk: Desk) -> None:
    said = [f"line {n}" for n in range(8)]
    await desk.log("sms").evaluate(WATCH)
    for line in said:
        await desk.write("sms", line)
    await expect(desk.log("sms").locator(".mine:not(.leaving)")).to_have_count(8)
    assert [taken[2] for taken in desk.phones.taken] == said
    await expect(desk.station("sms").locator(".tally")).to_have_text("8")
    assert await desk.log("sms").locator(".mine p").all_text_contents() == said
    assert await desk.log("sms").evaluate("log => log.disorders") == []  # at no moment


@pytest.mark.parametrize("told", [True, False])
async def test_a_quick_reply_on_whatsapp_sends_its_payload_and_shows_its_label(desk: Desk, told: bool) -> None:
    desk.phones.tells_kind = told
    address = await desk.address("whatsapp")
    desk.phones.say("whatsapp", address, replies.safe("en"))
    await desk.log("whatsapp").get_by_role("button", name="I do not know").click()
    mine = desk.log("whatsapp").locator(".mine:not(.leaving)")
    await expect(mine.locator("p")).to_have_text(["I do not know"])
    assert desk.phones.taken == [("whatsapp", address, "", "wages.safe|unsure|1a2b", "")]
    await expect(desk.input("whatsapp")).to_be_focused()
    desk.phones.say("whatsapp", address, replies.welcome("en"))
    await expect(desk.log("whatsapp").locator("li").last).to_contain_text("This is Saathi")
    await desk.page.reload()
    await expect(desk.log("whatsapp").locator("li p")).to_have_text(
        ["Are you safe to write now?", "I do not know", re.compile("This is Saathi")]
    )


@pytest.mark.parametrize("told", [True, False])
async def test_a_key_on_telegram_writes_nothing_into_the_chat(desk: Desk, told: bool) -> None:
    desk.phones.tells_kind = told
    address = await desk.address("telegram")
    desk.phones.say("telegram", address, replies.safe("en"))
    key = desk.log("telegram").get_by_role("button", name="Yes")
    await key.click()
    await expect(key).to_have_class(re.compile("tapped"))
    desk.phones.say("telegram", address, replies.welcome("en"))
    await expect(desk.log("telegram")).to_contain_text("This is Saathi")
    await expect(desk.log("telegram").locator(".mine")).to_have_count(0)
    assert desk.phones.taken == [("telegram", address, "", "wages.safe|yes|1a2b", "")]
    if told:
        await desk.page.reload()
        await expect(key).to_have_class(re.compile("tapped"))
        await expect(desk.log("telegram").locator(".mine")).to_have_count(0)


async def test_a_typed_name_of_an_option_is_no_tap(desk: Desk) -> None:
    desk.phones.say("telegram", await desk.address("telegram"), replies.safe("en"))
    await desk.write("telegram", "yes")
    mine = desk.log("telegram").locator(".mine:not(.leaving) p")
    await expect(mine).to_have_text(["yes"])
    await desk.page.reload()
    await expect(mine).to_have_text(["yes"])


async def test_lines_that_the_service_joins_stay_as_the_person_sent_them(desk: Desk) -> None:
    desk.phones.joins = 3
    for line in ("help", "मलाई", "1"):
        await desk.write("sms", line)
    tally = desk.station("sms").locator(".tally")
    await expect(tally).to_have_text("1")
    desk.phones.say("sms", await desk.address("sms"), replies.welcome("en"))
    await expect(tally).to_have_text("2")
    shown = desk.log("sms").locator("li:not(.leaving) p")
    await expect(shown).to_have_text(["help", "मलाई", "1", re.compile("This is Saathi")])


async def test_what_is_answered_stands_above_its_answer(desk: Desk) -> None:
    """The thread tells of a message only when it was handled: that may be after the answer to one before it."""
    desk.phones.joins = 2  # the first line is kept back
    await desk.write("sms", "one")
    await expect(desk.log("sms").locator(".mine:not(.leaving)")).to_have_count(1)
    desk.phones.say("sms", await desk.address("sms"), replies.welcome("en"))
    await expect(desk.log("sms").locator("li p")).to_have_text(["one", re.compile("This is Saathi")])


async def test_a_list_opens_as_a_sheet_for_keyboard_and_screen_reader(desk: Desk) -> None:
    desk.phones.say("whatsapp", await desk.address("whatsapp"), replies.menu("en"))
    opener = desk.log("whatsapp").get_by_role("button", name="Choose")
    sheet = desk.station("whatsapp").get_by_role("dialog")
    await expect(sheet).to_have_count(0)
    await opener.focus()
    await desk.page.keyboard.press("Enter")
    await expect(sheet).to_have_accessible_name("Choose")
    await expect(sheet.locator(".row")).to_have_count(9)
    await expect(sheet.get_by_text("Somebody else keeps it")).to_be_visible()
    await expect(sheet.locator(".row").first).to_be_focused()
    await desk.page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await expect(opener).to_be_focused()
    await desk.page.keyboard.press("Enter")
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("Enter")
    await expect(desk.log("whatsapp").locator(".mine:not(.leaving) p")).to_have_text(["My passport"])
    assert desk.phones.taken[0][3] == "menu.main|item2|1a2b"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1400, 900)])
async def test_the_last_row_of_a_full_list_is_seen_whole(desk: Desk, width: int, height: int, language: str) -> None:
    """Ten short rows, as in the menu, need no scrolling; longer ones can be scrolled to their end."""
    await desk.page.set_viewport_size({"width": width, "height": height})
    long = replies.menu(language)
    short = replace(long, options=tuple(Option(f"o{n}", f"{n} {o.label}") for n, o in enumerate(long.options)))
    ten = replace(short, options=(*short.options, Option("more", "+")))
    for reply, scrolls in ((ten, False), (long, True)):
        desk.phones.say("whatsapp", await desk.address("whatsapp"), reply)
        await desk.log("whatsapp").locator(".theirs .key").last.click()
        rows = desk.station("whatsapp").locator(".rows")
        assert scrolls or await rows.evaluate("e => e.scrollHeight <= e.clientHeight")
        last = rows.locator(".row").last
        await last.scroll_into_view_if_needed()
        row, screen = await last.bounding_box(), await desk.station("whatsapp").locator(".screen").bounding_box()
        assert row
        assert screen
        assert row["y"] + row["height"] <= screen["y"] + screen["height"]
        await desk.page.keyboard.press("Escape")


async def test_right_to_left_is_as_the_message_says(desk: Desk) -> None:
    for channel in CHANNELS:
        desk.phones.say(channel, await desk.address(channel), replies.menu("ar"))
        words = desk.log(channel).locator(".theirs p")
        await expect(words).to_have_attribute("dir", "rtl")
        await expect(words).to_have_attribute("lang", "ar")
        language = desk.station(channel).locator('[data-fact="language"]')
        await expect(language).to_have_text("Arabic · العربية, right to left")
    await desk.log("whatsapp").get_by_role("button", name="اختر").click()
    await expect(desk.station("whatsapp").locator(".sheet")).to_have_attribute("dir", "rtl")


@pytest.mark.parametrize("language", replies.LANGUAGES)
async def test_segments_language_and_step_are_told_under_the_phone_not_in_it(desk: Desk, language: str) -> None:
    message = desk.phones.say("sms", await desk.address("sms"), replies.menu(language))
    (part,) = message["parts"]
    strip = desk.station("sms").locator(".strip")
    cost = f"{part['segments']} segments · {part['encoding']} · {part['units']} units"
    await expect(strip.locator('[data-fact="shape"]')).to_have_text(cost)
    await expect(strip.locator(".blocks i")).to_have_count(part["segments"])
    await expect(strip.locator('[data-fact="step"]')).to_have_text("menu.main")
    phone = desk.station("sms").locator(".phone")
    await expect(phone).to_contain_text(part["text"].split("\n")[-1])
    await expect(phone).not_to_contain_text("menu.main")
    await expect(phone).not_to_contain_text("segment")


async def test_a_held_message_is_under_the_phone_until_it_leaves(desk: Desk) -> None:
    address = await desk.address("whatsapp")
    desk.phones.say("whatsapp", address, replies.safe("en"))
    held = desk.phones.say("whatsapp", address, replies.welcome("en"), state="held", reason="safe_hours")
    gone = desk.phones.say("whatsapp", address, replies.menu("en"), state="withdrawn", reason="erased")
    unsent = desk.station("whatsapp").locator(".unsent li")
    await expect(unsent).to_have_count(2)
    await expect(unsent.first).to_contain_text("held back: safe_hours")
    await expect(unsent.last).to_contain_text("withdrawn: erased")
    await expect(desk.log("whatsapp").locator(".theirs")).to_have_count(1)
    held |= {"state": "sent", "reason": None}
    await expect(desk.log("whatsapp").locator(".theirs")).to_have_count(2)
    await expect(unsent).to_have_count(1)
    assert gone["state"] == "withdrawn"


async def test_a_caseworkers_words_are_named_for_the_tester_only(desk: Desk) -> None:
    desk.phones.say("sms", await desk.address("sms"), replies.welcome("en"), author="human")
    await expect(desk.station("sms").locator('[data-fact="owner"]')).to_have_text("caseworker")
    await expect(desk.station("sms").locator(".phone")).not_to_contain_text("caseworker")


async def test_what_the_server_did_not_take_can_be_sent_again(desk: Desk) -> None:
    desk.phones.broken = True
    await desk.write("telegram", "hello")
    again = desk.log("telegram").get_by_role("button", name="Not sent. Tap to try again.")
    await expect(again).to_be_visible()
    await expect(desk.station("telegram").locator(".trouble")).to_be_visible()
    desk.phones.broken = False
    await again.click()
    await expect(desk.log("telegram").locator(".mine:not(.leaving)")).to_have_count(1)
    await expect(desk.station("telegram").locator(".trouble")).to_be_hidden()
    assert [taken[2] for taken in desk.phones.taken] == ["hello"]


async def test_a_file_can_be_sent(desk: Desk) -> None:
    await desk.station("whatsapp").get_by_role("button", name="Send a file").click()
    await desk.station("whatsapp").get_by_role("dialog").get_by_role("button", name="Voice note").click()
    await expect(desk.log("whatsapp").locator(".mine:not(.leaving) p")).to_have_text(["Voice note"])
    assert desk.phones.taken[0][4] == "audio"


async def test_the_language_to_start_in_is_told_for_each_phone(desk: Desk) -> None:
    await desk.page.get_by_label("Start in").select_option("ne")
    await desk.write("sms", "namaste")
    await expect(desk.log("sms").locator(".mine:not(.leaving)")).to_have_count(1)
    assert ("sms", await desk.address("sms"), "ne") in desk.phones.chosen  # before her first message
    await desk.station("telegram").get_by_role("button", name="New person").click()
    await desk.write("telegram", "namaste")
    await expect(desk.log("telegram").locator(".mine:not(.leaving)")).to_have_count(1)
    assert ("telegram", await desk.address("telegram"), "ne") in desk.phones.chosen


async def test_words_are_shown_as_words(desk: Desk) -> None:
    nasty = "<img src=x onerror=alert(1)> & <b>bold</b>"
    await desk.write("sms", nasty)
    await expect(desk.log("sms").locator(".mine:not(.leaving) p")).to_have_text([nasty])
    await desk.page.reload()
    await expect(desk.log("sms").locator(".mine p")).to_have_text([nasty])
    await expect(desk.page.locator(".log img, .log b")).to_have_count(0)


async def test_a_phone_read_from_above_is_not_pulled_down(desk: Desk) -> None:
    address = await desk.address("sms")
    for _ in range(4):
        desk.phones.say("sms", address, replies.menu("en"))
    log = desk.log("sms")
    await expect(log.locator(".theirs")).to_have_count(4)
    at_end = "e => e.scrollHeight - e.scrollTop - e.clientHeight < 2"
    assert await log.evaluate(at_end)
    await log.evaluate("e => e.scrollTo(0, 0)")
    desk.phones.say("sms", address, replies.welcome("en"))
    jump = desk.station("sms").get_by_role("button", name="Go to the newest message")
    await expect(jump).to_be_visible()
    assert await log.evaluate("e => e.scrollTop") == 0
    await jump.click()
    await expect(jump).to_be_hidden()
    assert await log.evaluate(at_end)


@pytest.mark.parametrize("width", [360, 390, 768])
async def test_a_narrow_screen_shows_one_phone_at_a_time(desk: Desk, width: int) -> None:
    await desk.page.set_viewport_size({"width": width, "height": 780})
    for channel in CHANNELS:
        for language in ("ar", "ne", "en", "ne"):
            desk.phones.say(channel, await desk.address(channel), replies.menu(language))
            desk.phones.say(channel, await desk.address(channel), replies.welcome(language))
    await expect(desk.page.locator('[data-tab="sms"] .unread')).to_be_visible()
    for channel in CHANNELS:
        await desk.page.locator(f'[data-tab="{channel}"]').click()
        await expect(desk.page.locator(".station:visible")).to_have_count(1)
        await expect(desk.log(channel).locator(".theirs")).to_have_count(8)
        await expect(desk.log(channel).locator(".theirs").last).to_be_in_viewport(
            ratio=0.9
        )  # the newest, not the first
        await expect(desk.station(channel).locator(".send")).to_be_in_viewport(ratio=1)
        assert await desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for field in (".address", ".send", ".compose textarea"):
            box = await desk.station(channel).locator(field).bounding_box()
            assert box
            assert box["height"] >= 44
    await expect(desk.page.locator('[data-tab="sms"] .unread')).to_be_hidden()


CONTRAST = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest(".unseen")) continue;
    const pair = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} .${element.className} ${walker.currentNode.textContent}`);
  }
  return poor;
}"""


async def test_all_words_can_be_read(desk: Desk) -> None:
    for channel in CHANNELS:
        address = await desk.address(channel)
        desk.phones.say(channel, address, replies.safe("en"))
        desk.phones.say(channel, address, replies.menu("ne"), state="held", reason="safe_hours")
        await desk.write(channel, "1")
        await expect(desk.log(channel).locator(".mine:not(.leaving)")).to_have_count(1)
        await desk.station(channel).locator(".ledger summary").click()
    assert await desk.page.evaluate(CONTRAST) == []  # WCAG 2.2, 1.4.3: at least 4.5 to 1


async def test_one_way_routes_are_asked_for_by_a_tick_and_kept(desk: Desk) -> None:
    tick = desk.station("sms").get_by_label("One-way routes")
    assert not await tick.is_checked()
    await expect(desk.station("whatsapp").get_by_label("One-way routes")).to_have_count(0)
    async with desk.page.expect_request(lambda r: "channel=sms" in r.url and "routes=yes" in r.url):
        await tick.check()
    async with desk.page.expect_request(lambda r: "channel=sms" in r.url and "routes=yes" in r.url):
        await desk.page.reload()
    assert await tick.is_checked()
