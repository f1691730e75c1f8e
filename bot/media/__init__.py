"""Files of people: fetched from an allow-list, sniffed, sealed on the disk under names that nobody can guess.

Law: nothing here knows who somebody is; no file is ever opened by what it says of itself.
"""
