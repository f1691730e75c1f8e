"""The pages: each file is one family and has `routes(office) -> list of handlers`. No registry: `mount.py` finds them.

Law: a route reads a form, asks a view or acts through the conductor, and answers; it decides nothing about people.
"""
