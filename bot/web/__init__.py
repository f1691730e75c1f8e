"""HTTP: one file per route family.

Law: a route never decides; it checks who speaks, hands on what was said, and answers.
"""
