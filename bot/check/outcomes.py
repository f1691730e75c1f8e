"""What actions declare: the function `handlers/<module>.py:<name>` and its entry in OUTCOMES.

Law: only what a handler's module exports is an action; nothing is called here.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Mapping
from typing import Any

_ACTION = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)\Z")
Outcomes = Mapping[str, tuple[str, ...]]  # outcome -> the slots that it sets


def function(action: str) -> Callable[..., Any] | None:
    """The handler of an action, or None when there is none."""
    found = _module(action)
    module, name = found if found else (None, "")
    made: Callable[..., Any] | None = getattr(module, name, None) if name in getattr(module, "__all__", ()) else None
    return made


def outcomes(action: str) -> Outcomes | None:
    """The outcomes that the action declares, or None when it declares none."""
    found = _module(action)
    declared: Outcomes | None = getattr(found[0], "OUTCOMES", {}).get(found[1]) if found else None
    return declared


def _module(action: str) -> tuple[Any, str] | None:
    match = _ACTION.match(action)
    if not match or importlib.util.find_spec(f"handlers.{match[1]}") is None:
        return None
    return importlib.import_module(f"handlers.{match[1]}"), match[2]
