"""Logs, figures and crash points.

Law: nothing of a person, and no secret, leaves through here.
"""
