"""What is learned of a person from how she writes: her language, her letters, the country where she is.

Law: one message never changes a language that she chose; she is told how to change it, once. What people ask about is
not where they are.
"""

from __future__ import annotations

from bot.conductor.arrived import BARE, danger_of
from bot.conductor.here import Here
from bot.conductor.speaking import LATIN, in_latin, queue
from bot.engine import answers
from bot.engine.events import Said
from bot.engine.inputs import Heard, Input, Meaning, Shared
from bot.nlu.language import TWINS, same_spoken, script_of, sounds_alike
from handlers.languages import STEM, UNSCRIPTED, WROTE

REPORTS = frozenset({"danger", "serious", "grievance"})  # levels of flows in which a country is where it happens
LETTER_FLOWS = frozenset({"own_letters", "latin_letters"})  # "hindi lipi", "roman urdu"
CLEAR = 3  # words in the letters of her own language that another language must have to be told
LETTERS = 5  # Latin ones; fewer tell nothing: "ok", "yes", "112"


def learn(here: Here, given: Input) -> None:
    """Note what an input tells of her."""
    meaning = given.meaning if isinstance(given, Heard | Shared) else Meaning()
    _note_language(here, given.text if isinstance(given, Heard) else "", meaning)
    here.person.country = here.person.country or _country_said(here, given, meaning)


def country_of_stay(here: Here) -> str | None:
    """The country of the number, unless people leave from there to work: a family writes from home about abroad."""
    hint = here.conversation.country_hint
    return None if hint in here.tools.content.knowledge.get("countries")["origin"] else hint


def _note_language(here: Here, text: str, meaning: Meaning) -> None:
    """Which language she writes, while she has chosen none: the first one that we answer in stands. One that is not
    there for people yet is kept as well: she is answered in what there is, and colleagues see what she writes. A phrase
    that one language has tells more than a classifier. A word of danger tells it until something better does."""
    person, ready = here.person, here.tools.content.languages
    guess = here.tools.content.whose(text) or meaning.language
    if person.language is not None:
        return
    if person.language_guess in ready:
        _note_script(here, text, guess)
        return
    if not guess:
        if meaning.stem in ready:
            person.profile[STEM] = _by_number(here, meaning.stem, text)
        return
    known = person.language_guess or ""
    if not known or (guess in ready and not same_spoken(known, guess, text)):
        person.language_guess = _by_number(here, guess, text)
        person.profile.pop(STEM, None)


def _by_number(here: Here, guess: str, text: str) -> str:
    """Hindi and Urdu are one language in Latin letters: the country of the number tells which letters she reads, where
    people leave from it to work. Else nobody knows, and that is noted."""
    person, content, hint = here.person, here.tools.content, here.conversation.country_hint or ""
    if not sounds_alike(guess, text):
        person.profile.pop(UNSCRIPTED, None)
        return guess
    if hint in content.knowledge.get("countries")["origin"]:
        spoken = {code: content.languages[code].likely.get(hint, 0) for code in TWINS if code in content.languages}
        if len(set(spoken.values())) > 1:
            return max(spoken, key=lambda code: spoken[code])
    person.profile[UNSCRIPTED] = True
    return guess


def _note_script(here: Here, text: str, guess: str) -> None:
    """Her own letters tell which of the two it is, or the name that she gives to those that she wants."""
    if not here.person.profile.get(UNSCRIPTED):
        return
    content = here.tools.content
    if content.words("en").universal(text) in LETTER_FLOWS:
        guess = content.readers["language"].find(text, {}, guess) or ""
    elif sounds_alike(guess, text):
        return
    if guess in TWINS:
        here.person.language_guess = guess
        here.person.profile.pop(UNSCRIPTED)


def note_letters(here: Here, given: Input | None) -> None:
    """Which letters she writes in by SMS, be it in another language, also while she is not answered: her own tell at
    once, a phone that writes them shows them."""
    if not isinstance(given, Heard):
        return
    profile, native = here.person.profile, script_of(given.text) not in ("LATIN", "")
    if here.conversation.channel != "sms":
        if native:  # for a first SMS to her
            profile.setdefault(LATIN, False)
    elif native:
        profile[LATIN] = False
    elif sum(1 for c in given.text if c.isalpha()) >= LETTERS and _is_written_in_latin(here, given.text):
        profile[LATIN] = True


def _is_written_in_latin(here: Here, text: str) -> bool:
    """Whether Latin letters tell how she writes: a name of a country does not, nor a word or two of who wrote in her
    own letters before."""
    if here.tools.content.readers[BARE].read(text, {}, here.language()):
        return False
    return here.person.profile.get(LATIN) is not False or len(text.split()) >= CLEAR


def _country_said(here: Here, given: Input, meaning: Meaning) -> str | None:
    """The country that a first report names, before that of the number: a Kuwaiti number may stand in Saudi Arabia.
    Not a country that people leave from (she wants to go home there), and not what somebody only asks about."""
    content = here.tools.content
    name = content.flows.by_intent.get(meaning.danger.kind if meaning.danger else meaning.intent, "")
    flow = content.flows.get(name)
    if here.session.stack or not isinstance(given, Heard) or flow is None or flow.level not in REPORTS:
        return None
    said = content.readers["country"].find(given.text, {}, here.language())
    return None if said in content.knowledge.get("countries")["origin"] else said


def offer_language(here: Here, given: Input) -> None:
    """Who writes clearly in another language than ours is told, in that one and once, how to change it. One message
    never changes it by itself, and nothing stands before danger."""
    content, language = here.tools.content, here.language()
    if not isinstance(given, Heard) or given.edited or danger_of(given) or here.conversation.owner != "bot":
        return
    other, asked, person = given.meaning.language, here.asked(), here.person
    if not (person.language or person.language_guess):
        return  # of a stranger the first words decide: she is answered in them
    levels = {flow.level for f in here.session.stack if (flow := content.flows.get(f.flow))}
    if other not in content.languages or person.opted_out_at or "danger" in levels:
        return
    if same_spoken(language, other, given.text) or (person.profile.get(UNSCRIPTED) and other in TWINS):
        return
    if (asked and answers.takes_words(asked)) or given.meaning.intent == "change_language":
        return
    # Letters tell at once, but for Latin ones: half of what is written in any language is in them.
    foreign = script_of(given.text) not in {script_of(content.languages[language].name), "LATIN", ""}
    if (not foreign and len(given.text.split()) < CLEAR) or person.profile.get(WROTE) == other:
        return
    person.profile[WROTE] = other
    name = content.called(other, latin=script_of(given.text) == "LATIN")
    queue(here, content.reply(Said("system.other_language", {"name": name}), other, latin=in_latin(here)))
