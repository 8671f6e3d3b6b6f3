"""The form of a prediction in, what a learner fills in with a pencil out."""

from __future__ import annotations

import ast
import io
import tokenize

from markupsafe import Markup

ASKED = ("database", "works or fails?")


def form(source: str) -> Markup:
    """A table with a column for each look; nothing where a letter is to be circled.

    :param source: the cell, in which a dictionary has a line for each look.
    """
    looks = [
        key
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    ]
    if not looks:
        return Markup("")
    said = _comments(source)
    head = Markup("").join(
        Markup('<th scope="col">look {} {}</th>').format(key.value, said.get(key.lineno, ""))
        for key in looks
    )
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(what, Markup("<td></td>") * len(looks))
        for what in ASKED
    )
    return Markup(
        '<table class="form"><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>'
    ).format(head, rows)


def _comments(source: str) -> dict[int, str]:
    """The words behind # by the number of their line."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.removeprefix("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }
