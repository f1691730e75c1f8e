"""What the helpline does: domain actions that flows and the desk call. (Telegram, SMS and WhatsApp: `bot/channels/`.)

Law: a handler reads what was prefetched, records writes and notices, and returns an Outcome. It never sends, never
speaks (no sentence lives here) and never opens a connection. `do: cases.open_case` is `cases.py:open_case`.
"""
