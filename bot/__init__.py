"""The service: one conversational engine behind WhatsApp, SMS and Telegram.

Law: imports go one way (see `[tool.importlinter]` in pyproject.toml); what the helpline *does* lives in `handlers/`.
"""
