"""The check: what may be published. Each rule is a file of this folder with a function `check(content, root)`.

Law: says everything that is wrong at once, each as `file:line: message`; never changes anything (`extract` does).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.content import Content, ContentError, Problem, load

__all__ = ["Problem", "Rule", "rules", "run"]

Rule = Callable[[Content, Path], Iterable[Problem]]


def rules() -> dict[str, Rule]:
    """The rules by the names of their files."""
    modules = {m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)}
    return {name: module.check for name, module in sorted(modules.items()) if hasattr(module, "check")}


def run(root: Path) -> list[Problem]:
    """Every problem of the content under `root`, in order of file and line; [] = it may be published.

    What cannot even be loaded is reported alone: the rules look at loaded content.
    """
    try:
        content = load(root)
    except ContentError as error:
        return list(error.problems)
    return sorted({problem for check in rules().values() for problem in check(content, root)})
