"""Signing in: passwords, codes of an app, limits of tries.

Law: an unknown login costs the same time and gets the same answer as a wrong password.
"""
