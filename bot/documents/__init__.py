"""Documents: files that a person can keep and print.

Law: pure; takes finished words, returns bytes. The same words are the same bytes: no clock and no chance in here.
"""
