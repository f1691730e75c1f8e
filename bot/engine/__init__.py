"""The conversation engine: `(flows, session, input) -> (session, events)`.

Law: pure; nothing but the standard library, no clock, no network, no database, no `async`, no randomness.
"""
