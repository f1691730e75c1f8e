"""Keys, encryption of personal fields, look-up hashes.

Law: pure; no SQL, no clock. A key is 32 random bytes; what leaves this room is sealed or hashed.
"""
