"""The small language of `if:` in a flow: names, literals, known(x), comparisons, in, and / or / not.

Law: what can be written is closed; a wrong expression is refused when it is parsed, and a parsed one never raises.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_LENGTH = 500  # characters; a condition that is longer cannot be read aloud, and deep nesting cannot arise

_WORDS = {"true": True, "false": False, "null": None}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.GtE: operator.ge,
    ast.In: lambda item, box: item in box,
    ast.NotIn: lambda item, box: item not in box,
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed condition: its text, the tree, and the slots that it reads."""

    text: str
    tree: ast.expr
    names: frozenset[str]


@lru_cache(maxsize=2048)
def parse(text: str) -> Expression:
    """The condition as a value. Raises ValueError that says what is wrong with it."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"the condition is longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"this is not a condition: {text!r}") from None
    found: set[str] = set()
    _allow(tree, found)
    return Expression(text, tree, frozenset(found))


def names(text: str) -> frozenset[str]:
    """The slots that the condition reads. Raises ValueError like `parse`."""
    return parse(text).names


def holds(text: str, slot: Callable[[str], Any]) -> bool:
    """Whether the condition holds, where `slot(name)` is a slot's value or None.

    Never raises on any value: an unknown name is None, and a comparison of things that do not compare is False.
    Raises ValueError only for a text that `parse` refuses (content refuses it at start).
    """
    return bool(_value(parse(text).tree, slot))


def _allow(node: ast.expr, found: set[str]) -> None:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None):
            return
        case ast.Name(id=name):
            if name not in _WORDS:
                found.add(name)
        case ast.BoolOp(values=values):
            for value in values:
                _allow(value, found)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _allow(operand, found)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(o) in _COMPARE for o in ops):
            for value in (left, *comparators):
                _allow(value, found)
        case ast.List(elts=values) | ast.Tuple(elts=values):
            for value in values:
                _allow(value, found)
        case ast.Call(func=ast.Name(id="known"), args=[ast.Name(id=name)], keywords=[]):
            found.add(name)
        case _:
            raise ValueError(
                f"{ast.unparse(node)!r} may not stand in a condition: only slots, known(slot), numbers, quoted"
                " words, == != < > <= >=, in, and, or, not"
            )


def _value(node: ast.expr, slot: Callable[[str], Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return _WORDS[name] if name in _WORDS else slot(name)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(v, slot) for v in values)
        case ast.BoolOp(values=values):
            return any(_value(v, slot) for v in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, slot)
        case ast.UnaryOp(operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Compare():
            return _compared(node, slot)
        case ast.List(elts=values) | ast.Tuple(elts=values):
            return [_value(v, slot) for v in values]
        case ast.Call(args=[ast.Name(id=name)]):
            return slot(name) is not None
    return False


def _compared(node: ast.Compare, slot: Callable[[str], Any]) -> bool:
    left = _value(node.left, slot)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _value(comparator, slot)
        try:
            if not _COMPARE[type(op)](left, right):
                return False
        except TypeError:  # 3 < "x", 1 in None
            return False
        left = right
    return True
