"""`saathi nlu train | parse | evaluate`: see `bot/nlu/commands.py`.

Law: a door only; what these commands do belongs to the understanding's own room.
"""

from bot.nlu.commands import add_arguments, run

__all__ = ["add_arguments", "run"]
