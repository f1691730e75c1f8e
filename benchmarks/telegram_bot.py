"""The conversation of four lines as python-telegram-bot's documentation writes it, its state kept by PicklePersistence.

    python -m benchmarks.telegram_bot --api http://127.0.0.1:8081 --token 7000:abc --file state.pickle

Law: what people would use instead of Saathi, unchanged and not slowed down: long polling, one update after the other as
conversations demand, the state in a file that the library writes each minute and when it is asked to stop.
Source: its examples `conversationbot` and `persistentconversationbot`.
"""

from __future__ import annotations

import argparse

from telegram import ReplyKeyboardMarkup, ReplyKeyboardRemove, Update
from telegram.ext import (
    Application,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)

CHOOSING, HOLDER, SINCE = range(3)
MENU = [["My pay"], ["My passport"], ["Somebody to talk to"]]
WORDS = filters.TEXT & ~filters.COMMAND


async def begin(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
    """The menu."""
    assert update.message is not None
    await update.message.reply_text(
        "How can we help?", reply_markup=ReplyKeyboardMarkup(MENU, one_time_keyboard=True, resize_keyboard=True)
    )
    return CHOOSING


async def chosen(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
    """The first question."""
    assert update.message is not None
    await update.message.reply_text("Who has your passport?", reply_markup=ReplyKeyboardRemove())
    return HOLDER


async def held(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
    """Kept; the second question."""
    assert update.message is not None
    assert context.user_data is not None
    context.user_data["holder"] = update.message.text
    await update.message.reply_text("Since when?")
    return SINCE


async def done(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
    """Kept, and over."""
    assert update.message is not None
    assert context.user_data is not None
    context.user_data["since"] = update.message.text
    await update.message.reply_text("Thank you. A colleague will read it.")
    return ConversationHandler.END


def conversation() -> ConversationHandler[ContextTypes.DEFAULT_TYPE]:
    """Its four lines."""
    return ConversationHandler(
        entry_points=[CommandHandler("start", begin), MessageHandler(filters.Regex("^hello$"), begin)],
        states={
            CHOOSING: [MessageHandler(filters.Regex("^My passport$"), chosen)],
            HOLDER: [MessageHandler(WORDS, held)],
            SINCE: [MessageHandler(WORDS, done)],
        },
        fallbacks=[CommandHandler("cancel", begin)],
        name="passport",
        persistent=True,
    )


def main() -> None:
    """Until a signal comes."""
    parser = argparse.ArgumentParser(description="The conversation of four lines with python-telegram-bot.")
    parser.add_argument("--api", required=True, help="address of the Bot API")
    parser.add_argument("--token", required=True)
    parser.add_argument("--file", required=True, help="where its state is kept")
    args = parser.parse_args()
    application = (
        Application.builder()
        .token(args.token)
        .base_url(f"{args.api}/bot")
        .persistence(PicklePersistence(filepath=args.file))
        .build()
    )
    application.add_handler(conversation())
    application.run_polling(allowed_updates=Update.ALL_TYPES)


if __name__ == "__main__":
    main()
