"""Text to tree: the grammar, and what is told about a text that does not follow it. Pure."""

from __future__ import annotations

from functools import cache
from typing import cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from futuresboard.errors import ExpressionError
from futuresboard.rules.build import Builder
from futuresboard.rules.columns import Vocabulary
from futuresboard.rules.tree import Node

MAX_LENGTH = 2000
_SHOWN = 40

# No name is a word of the grammar, so that `or` is never a column. The grammar does not know what a
# part stands for (`(a)` may be a number or a condition): the builder does.
_GRAMMAR = r"""
start: any
?any: all
    | all (_OR all)+ -> any_of
?all: negation
    | negation (_AND negation)+ -> all_of
?negation: test
    | NOT negation -> negated
?test: sum
    | sum COMPARE sum -> compared
    | sum _IN "(" sum ("," sum)* ")" -> one_of
    | sum NOT _IN "(" sum ("," sum)* ")" -> none_of
?sum: product
    | sum (PLUS | MINUS) product -> arithmetic
?product: sign
    | product TIMES sign -> arithmetic
?sign: atom
    | MINUS sign -> negative
?atom: NUMBER -> number
    | TEXT -> text
    | NAME -> column
    | ABS "(" any ")" -> absolute
    | "(" any ")"

_OR: /or\b/i
_AND: /and\b/i
NOT: /not\b/i
_IN: /in\b/i
ABS: /abs\b/i
COMPARE: />=|<=|==|!=|<>|=|>|</
PLUS: "+"
MINUS: "-"
TIMES: "*" | "/"
NUMBER: /([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?([kmb](?!\w)|%|(?!\w))/i
TEXT: /"[^"\n]*"|'[^'\n]*'/
NAME: /(?!(or|and|not|in|abs)\b)[a-z_]\w*/i
%ignore /\s+/
"""

_WORDS = {
    "NAME": "a column",
    "NUMBER": "a number",
    "TEXT": 'a text in quotes ("BTC")',
    "ABS": "abs(…)",
    "LPAR": "(",
    "NOT": "not",
    "COMPARE": "> >= < <= = !=",
    "_IN": "in (…)",
    "PLUS": "+",
    "MINUS": "-",
    "TIMES": "* /",
    "_AND": "and",
    "_OR": "or",
    "RPAR": ")",
    "COMMA": ",",
    "$END": "the end",
}
_HINTS = {"&": "and", "|": "or", "!": "not or !=", "“": 'straight quotes "…"', "”": 'straight quotes "…"'}


@cache
def _parser(vocabulary: Vocabulary) -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=Builder(vocabulary), maybe_placeholders=False)


def parse(text: str, vocabulary: Vocabulary) -> Node:
    """The tree of an expression, its names resolved and its parts judged to fit together.

    Raises ExpressionError with the place, what came there and what is allowed.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(MAX_LENGTH, f"{len(text)} characters", f"at most {MAX_LENGTH}")
    try:
        # The transformer makes nodes while the text is read: the answer is no tree of lark's.
        tree: object = _parser(vocabulary).parse(text)
    except UnexpectedToken as error:
        raise _unexpected(error, text) from None
    except UnexpectedCharacters as error:
        raise _illegible(error, text) from None
    return cast("Node", tree)


def _unexpected(error: UnexpectedToken, text: str) -> ExpressionError:
    token: Token = error.token
    if token.type == "$END":
        return ExpressionError(len(text.rstrip()), "the end", _allowed(error))
    allowed = _allowed(error)
    if token.type == "COMPARE" and "_AND" in error.accepts:
        allowed = "one comparison, joined to the next by and: 2 < z and z < 3"
    elif token.type == "LPAR":
        allowed = f"{allowed}; abs(…) is the only function"
    return ExpressionError(token.start_pos or 0, str(token), allowed)


def _illegible(error: UnexpectedCharacters, text: str) -> ExpressionError:
    at = error.pos_in_stream or 0
    rest = text[at:].split()[0][:_SHOWN]
    quoted = "a text that ends with the quote it begins with" if rest[0] in "\"'" else None
    return ExpressionError(at, rest, _HINTS.get(rest[0]) or quoted or _allowed(error))


def _allowed(error: UnexpectedInput) -> str:
    # The parser's own trial of each terminal: what the lexer would read there is wider.
    terminals: set[str] = error.interactive_parser.accepts()  # type: ignore[no-untyped-call]
    return ", ".join(word for name, word in _WORDS.items() if name in terminals)
