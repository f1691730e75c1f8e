"""The caseworkers' web desk. How to add a page, a permission, a word, an action: docs/desk.md.

Law: a route declares who may use it and what line it leaves in the trail; the door keeps both. Pages read through
`desk/views/`, acts go through the conductor's `Staff` or a handler, words stand in `desk/words/`.
"""
