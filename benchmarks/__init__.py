"""Measurements of the whole: run by hand, no part of the tests."""
