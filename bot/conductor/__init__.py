"""The conductor: takes what waits in the inbox, runs the turns, and writes what they leave behind, a batch at a time.

Law: one transaction per batch, locked by subject; no network inside it. `batch.py` is the loop, `reading.py` what
arrived, `turn.py` one turn, `gate.py` what stands before it, `talk.py` the engine and the handlers, `receipts.py` what
became of messages.
"""

from bot.conductor.batch import Conductor

__all__ = ["Conductor"]
