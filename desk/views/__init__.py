"""What pages read, as SQL: the only room of the desk that may.

Law: every statement about cases is filtered by `scope.Scope`, which is made of the same cells as single decisions.
"""
