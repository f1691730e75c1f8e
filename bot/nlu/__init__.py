"""The room that turns a text into a Meaning: danger floor, classifier, guess of the language.

Law: what a person wrote never raises an exception here, and the danger floor works without any model.
"""
