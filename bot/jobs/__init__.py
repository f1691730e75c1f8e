"""Background work (Procrastinate): what happens by the clock.

Law: a job never runs a flow and never sends; it deletes by class, or puts an input into the inbox. Arguments are ids.
`schedule.py` says when, `started.py` what is said because time went by, `wishes.py` who is erased or joined,
`searching.py` searches that end, `drop_off.py` the count of questions.
"""

from bot.jobs.schedule import Others, make, run

__all__ = ["Others", "make", "run"]
