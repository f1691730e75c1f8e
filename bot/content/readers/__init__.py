"""Readers of slots: one file per type; each has a module-level `reader` (`bot.engine.flow.Reader`).

Law: never raise on any text; words come from `locales/<lang>/language.yml`.
"""
