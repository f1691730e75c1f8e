"""Replies to look at: a welcome, a question with three options and a menu of nine, in three languages."""

from __future__ import annotations

from bot.engine.messages import Option, Reply

_WORDS = {
    "en": (
        "Hello. This is Saathi, a free service for workers abroad and their families. You can write in your own words.",
        "Are you safe to write now?",
        ("Yes", "No", "I do not know"),
        "What would you like to know or do?",
        (
            ("My salary", "Late, too low or not paid"),
            ("My passport", "Somebody else keeps it"),
            ("My contract", "The work is not what was promised"),
            ("Working hours", "Rest, heat, overtime"),
            ("Find a person", "Somebody does not answer any more"),
            ("My rights", "What the law says, by country"),
            ("Addresses", "Embassies and partners"),
            ("Before I leave", "Lessons with a short quiz"),
            ("Talk to a person", ""),
        ),
    ),
    "ne": (
        "नमस्ते। यो साथी हो, विदेशमा काम गर्ने र उनीहरूका परिवारका लागि निःशुल्क सेवा। आफ्नै शब्दमा लेख्न सक्नुहुन्छ।",
        "के अहिले लेख्न सुरक्षित छ?",
        ("छ", "छैन", "थाहा छैन"),
        "तपाईं के जान्न वा गर्न चाहनुहुन्छ?",
        (
            ("मेरो तलब", "ढिलो, कम वा नपाएको"),
            ("मेरो राहदानी", "अरूले राखेको छ"),
            ("मेरो करार", "काम भने जस्तो छैन"),
            ("कामको समय", "आराम, गर्मी, ओभरटाइम"),
            ("मान्छे खोज्ने", "कोही सम्पर्कमा छैन"),
            ("मेरा अधिकार", "कानुन के भन्छ, देश अनुसार"),
            ("ठेगानाहरू", "दूतावास र साझेदार"),
            ("जानुअघि", "पाठ र छोटो प्रश्न"),
            ("मान्छेसँग कुरा", ""),
        ),
    ),
    "ar": (
        "مرحبا. هذه ساتي، خدمة مجانية للعاملين في الخارج ولأسرهم. يمكنك أن تكتب بكلماتك.",
        "هل الكتابة آمنة لك الآن؟",
        ("نعم", "لا", "لا أعرف"),
        "ماذا تريد أن تعرف أو أن تفعل؟",
        (
            ("راتبي", "متأخر أو ناقص أو لم يدفع"),
            ("جواز سفري", "يحتفظ به شخص آخر"),
            ("عقدي", "العمل ليس كما وعدت"),
            ("ساعات العمل", "الراحة والحر والعمل الإضافي"),
            ("البحث عن شخص", "شخص لم يعد يرد"),
            ("حقوقي", "ما يقوله القانون حسب البلد"),
            ("عناوين", "السفارات والشركاء"),
            ("قبل السفر", "دروس وأسئلة قصيرة"),
            ("التحدث مع شخص", ""),
        ),
    ),
}
LANGUAGES = tuple(_WORDS)


def welcome(language: str) -> Reply:
    """A text alone; two SMS segments or more in a script of its own."""
    return Reply("welcome.hello", language, _WORDS[language][0], step="welcome.hello", version="1a2b")


def safe(language: str) -> Reply:
    """A question with three options: buttons."""
    _, text, labels, _, _ = _WORDS[language]
    options = tuple(Option(name, label) for name, label in zip(("yes", "no", "unsure"), labels, strict=True))
    return Reply("wages.safe", language, text, options=options, step="wages.safe", version="1a2b")


def menu(language: str) -> Reply:
    """A question with nine options: a list, or many lines of SMS."""
    _, _, _, text, rows = _WORDS[language]
    options = tuple(Option(f"item{n}", label, description=about) for n, (label, about) in enumerate(rows, start=1))
    return Reply("menu.main", language, text, options=options, step="menu.main", version="1a2b")
