"""How pages look: Jinja templates with the desk's words, times in the user's zone, and nothing else.

Law: no word stands in a template (`t("queue.title")`), no markup in a word; everything is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie

from bot.content import Content

if TYPE_CHECKING:
    from desk.office import Visit

HERE = Path(__file__).parent
MINUTE = timedelta(minutes=1)
ENGLISH = "en_GB"


@dataclass(frozen=True)
class Look:
    """Renders pages. `zone`: of the helpline, for who chose none."""

    content: Content
    templates: Environment
    zone: str
    may_page: Any  # (role, permission) -> bool: which doors the menu shows

    @classmethod
    def make(cls, content: Content, zone: str, may_page: Any) -> Look:
        """With the templates of this folder."""
        return cls(content, _templates(), zone, may_page)

    def page(
        self, visit: Visit, template: str, *, status: int = 200, cookies: tuple[Cookie, ...] = (), **values: Any
    ) -> Response[str]:
        """A page in the visitor's language."""
        language = self.content.languages[visit.language]
        html = self.templates.get_template(template).render(
            t=partial(self.word, visit.language),
            has_word=lambda text_id: f"desk.{text_id}" in self.content.desk,
            language=language,
            visit=visit,
            user=visit.session.user if visit.session and visit.session.stage == "full" else None,
            may_page=self.may_page,
            paused=visit.paused_until,
            when=partial(self.when, visit),
            ago=partial(self.ago, visit),
            on_day=partial(self.day, visit),
            country=partial(self.country, visit.language),
            tongue=partial(self.tongue, visit.language),
            **values,
        )
        return Response(
            html,
            status_code=status,
            media_type="text/html",
            headers={"Content-Language": visit.language},
            cookies=list(cookies),
        )

    def word(self, language: str, text_id: str, **values: Any) -> str:
        """A word of desk/words/, filled."""
        if values:
            return self.content.desk_word(language, text_id, values)
        if (language, text_id) not in self._plain:
            self._plain[language, text_id] = self.content.desk_word(language, text_id, values)
        return self._plain[language, text_id]

    @cached_property
    def _plain(self) -> dict[tuple[str, str], str]:
        """Words that nothing is filled into: a list says the same few in each of its rows."""
        return {}

    def zone_of(self, visit: Visit) -> ZoneInfo:
        """The user's zone; the helpline's for who chose none."""
        return ZoneInfo(visit.zone or self.zone)

    def when(self, visit: Visit, at: datetime | None) -> str:
        """A moment in the user's zone: the time today, else day and time."""
        if at is None:
            return ""
        zone = self.zone_of(visit)
        local, today = at.astimezone(zone), visit.now.astimezone(zone).date()
        wall = local.replace(tzinfo=None, second=0, microsecond=0)
        return _minute(visit.language, wall, today=local.date() == today)

    def ago(self, visit: Visit, at: datetime | None) -> str:
        """How long since then: `12 min`; to then, if it is to come."""
        if at is None:
            return ""
        return _span(visit.language, max(round(abs(visit.now - at) / MINUTE), 1))

    @staticmethod
    def day(visit: Visit, at: date) -> str:
        """A day in words."""
        return long_day(visit.language, at)

    @staticmethod
    def country(language: str, code: str | None) -> str:
        """The name of a country."""
        return (_locale(language).territories.get(code, code) or "") if code else ""

    def tongue(self, language: str, code: str | None) -> str:
        """The name of a language, in the language of the page."""
        return (_locale(language).languages.get(code, code) or "") if code else ""


@cache
def _templates() -> Environment:
    """One for all, since each page is compiled when it is shown for the first time."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _locale(language: str) -> Locale:
    """A language as this desk writes it: the day before the month, in English too."""
    return Locale.parse(ENGLISH if language == "en" else language)


def long_day(language: str, day: date, style: str = "long") -> str:
    """A day in words."""
    return format_date(day, style, locale=_locale(language))


def skeleton(language: str, fields_: str, day: date) -> str:
    """A day in the parts that are named, in the order of the language."""
    return format_skeleton(fields_, day, locale=_locale(language))


@lru_cache(20_000)
def _minute(language: str, wall: datetime, *, today: bool) -> str:
    """A minute as its zone's clocks show it. A list says hundreds, and says the same ones again."""
    if today:
        return format_time(wall, "HH:mm", locale=_locale(language))
    return format_datetime(wall, "d MMM, HH:mm", locale=_locale(language))


@lru_cache(20_000)
def _span(language: str, minutes: int) -> str:
    return format_timedelta(minutes * MINUTE, granularity="minute", threshold=1.5, format="short", locale=language)


def fields(form: Mapping[str, str], *names: str) -> tuple[str, ...]:
    """Values of a form, stripped; empty for those that were not sent."""
    return tuple(form.get(name, "").strip() for name in names)
