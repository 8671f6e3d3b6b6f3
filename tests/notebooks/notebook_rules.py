"""The rules of every notebook: each takes a notebook and yields what is wrong with it.

nbval compares outputs, and leaves out what an author leaves out: a cell that was never run, a
cell with a certain comment. These rules see to it that nothing is left out, that the frame is
the same everywhere, and that no output tells about the machine that it was made on.
"""

from __future__ import annotations

import ast
import base64
import io
import itertools
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from helpers.publish import frame as frames
from helpers.publish.execute import KERNEL
from helpers.show import COLUMNS

Rule = Callable[[Any], Iterator[str]]

TAGS = {
    "prediction",
    "compare",
    "exercise",
    "check",
    "solution",
    "instructor",
    "raises-exception",
    *frames.TAGS,
}
METADATA = {"tags", "minutes"}  # of a cell
HIDES_OUTPUT = re.compile(
    r"nbval|pytest_validate|%capture|clear_output|display_id|update_display|\binteract\b",
    re.IGNORECASE,
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HERE = [Path(__file__).parents[2], Path.home(), Path(sys.prefix)]
MACHINE = re.compile(
    "".join(f"{re.escape(str(place))}|" for place in HERE if len(place.parts) > 1)
    + r"(?<![\w.])/(?:home|root|Users|tmp|private|var|usr|opt|mnt|srv)/[^\s'\"<]*"
    r"|\b[A-Za-z]:\\[^\s'\"<]*|site-packages|ipykernel_\d+"
)


# Outputs


def every_code_cell_has_been_run(notebook: Any) -> Iterator[str]:
    """A cell without a count is not compared; counts 1, 2, 3 mean one run of all."""
    for count, (name, cell) in enumerate(code_cells(notebook), start=1):
        if not cell.source.strip():
            yield f"{name} is empty: delete it"
        elif cell.execution_count != count:
            yield f"{name} has the execution count {cell.execution_count} instead of {count}"


def what_a_cell_shows_is_stored(notebook: Any) -> Iterator[str]:
    """Only the cell that cleans up may end in an expression and show nothing."""
    for name, cell in code_cells(notebook):
        if shows_something(cell.source) and not cell.outputs and "clean_up()" not in cell.source:
            yield f"{name} ends in an expression or prints, and no output is stored"


def an_error_is_stored_where_one_is_meant(notebook: Any) -> Iterator[str]:
    """A cell tagged as raising passes when nothing raises, unless an error is stored."""
    for name, cell in code_cells(notebook):
        stored = any(output.output_type == "error" for output in cell.outputs)
        meant = "raises-exception" in tags(cell)
        if meant and not stored:
            yield f"{name} has the tag raises-exception, and no error is stored"
        if stored and not meant:
            yield f"{name} stores an error, and has no tag raises-exception"


def nothing_is_kept_from_being_compared(notebook: Any) -> Iterator[str]:
    """No tag, comment, magic or semicolon takes an output out of the comparison."""
    for name, cell in all_cells(notebook):
        for tag in sorted(tags(cell) - TAGS):
            yield f"{name} has the tag {tag}, which is none of the lesson's"
    for name, cell in code_cells(notebook):
        if found := HIDES_OUTPUT.search(cell.source):
            yield f"{name} uses {found[0]}, which keeps an output from being compared"
        if last_token(cell.source) == ";":
            yield f"{name} ends in a semicolon, which hides its result"


def nothing_is_written_to_stderr(notebook: Any) -> Iterator[str]:
    """A warning or a log line belongs in a table of the cell that means to show it."""
    for name, cell in code_cells(notebook):
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"{name} stores text of stderr"


def no_output_names_a_place_on_the_machine(notebook: Any) -> Iterator[str]:
    """A path of the author's machine is wrong on every other one."""
    for name, cell in code_cells(notebook):
        if found := MACHINE.search(stored_text(cell)):
            yield f"{name} stores {found[0]}"


def before_and_after_have_the_same_columns(notebook: Any) -> Iterator[str]:
    """The tables whose caption starts with Before or After can be laid side by side."""
    captions = set()
    for name, cell in code_cells(notebook):
        for html in html_outputs(cell):
            caption = re.search(r"<caption[^>]*>\s*(Before|After)\b", html)
            if caption:
                captions.add(caption[1])
                head, _, _ = html.partition("</tr>")
                _, *columns = map(unescape, re.findall(r"<th[^>]*>(.*?)</th>", head))
                with_process = [COLUMNS[0], "process", *COLUMNS[1:]]  # as process_table has it
                if columns not in (list(COLUMNS), with_process):
                    yield f"{name} has a table {caption[1]} with the columns {columns}"
    for missing in sorted({"Before", "After"} - captions if captions else set()):
        yield f"there is no table whose caption starts with {missing}"


# Code


def no_cell_sleeps(notebook: Any) -> Iterator[str]:
    """Order comes from events and barriers."""
    for name, cell in code_cells(notebook):
        if sleeps(cell.source):
            yield f"{name} sleeps"


# Text


def the_headings_make_an_outline(notebook: Any) -> Iterator[str]:
    """One heading of the first level, at the top, and no level left out."""
    levels = [level for level, _ in headings(notebook)]
    if levels[:1] != [1] or levels.count(1) != 1 or not notebook.cells[0].source.startswith("# "):
        yield "a notebook starts with its one heading of the first level"
    for level, following in itertools.pairwise(levels):
        if following > level + 1:
            yield f"a heading of level {following} follows one of level {level}"


def each_picture_has_alternative_text(notebook: Any) -> Iterator[str]:
    """Who cannot see a picture is told what it shows."""
    for name, cell in all_cells(notebook):
        html = [cell.source, *html_outputs(cell)]
        images = [image for text in html for image in re.findall(r"<img\b[^>]*>", text)]
        if re.search(r"!\[\s*\]\(", cell.source) or not all(
            re.search(r'\balt="[^"]+"', image) for image in images
        ):
            yield f"{name} has a picture without alternative text"
        for output in cell.get("outputs", []):
            for kind in output.get("data", {}):
                alt = output.get("metadata", {}).get(kind, {}).get("alt")
                if kind.startswith("image/") and not alt:
                    yield f"{name} stores a picture without alternative text"


def the_metadata_is_that_of_the_lesson(notebook: Any) -> Iterator[str]:
    """What an editor adds would change from author to author."""
    if notebook.metadata != {"kernelspec": KERNEL, "language_info": {"name": "python"}}:
        yield f"the notebook has the metadata {dict(notebook.metadata)}"
    for name, cell in all_cells(notebook):
        if cell.metadata.keys() - METADATA:
            yield f"{name} has the metadata {dict(cell.metadata)}"


RULES: list[Rule] = [
    every_code_cell_has_been_run,
    what_a_cell_shows_is_stored,
    an_error_is_stored_where_one_is_meant,
    nothing_is_kept_from_being_compared,
    nothing_is_written_to_stderr,
    no_output_names_a_place_on_the_machine,
    before_and_after_have_the_same_columns,
    no_cell_sleeps,
    the_headings_make_an_outline,
    each_picture_has_alternative_text,
    the_metadata_is_that_of_the_lesson,
]


# Links and messages: these rules need to know more than one notebook


def links_lead_somewhere(text: str, folder: Path) -> Iterator[str]:
    """Every link inside the lesson has a target.

    :param text: markdown.
    :param folder: where the text lies.
    """
    for target in LINK.findall(text):
        file, _, _ = target.partition("#")
        if "://" not in target and file and not (folder / file).exists():
            yield f"the link to {target} leads nowhere"


def neighbors_are_linked(notebook: Any, name: str, lesson: list[str]) -> Iterator[str]:
    """The last line leads to the notebook before and the one after.

    :param name: the file name of the notebook.
    :param lesson: the file names of all notebooks, in order.
    """
    place = lesson.index(name)
    expected = ["Previous:", lesson[place - 1]] if place else []
    expected += ["Next:", lesson[place + 1]] if place + 1 < len(lesson) else []
    last = notebook.cells[-1].source.splitlines()[-1]
    found = re.findall(r"Previous:|Next:|(?<=\]\()[^)]+", last)
    if found != expected:
        yield f"the last line leads to {found} instead of {expected}"


def the_message_is_shown(message: str, notebooks: list[Any]) -> Iterator[str]:
    """A message is word for word in a stored output of a notebook that its row names.

    :param message: the words that people search for.
    :param notebooks: those that the causes of the message name.
    """
    cells = [cell for notebook in notebooks for _, cell in code_cells(notebook)]
    if cells and not any(message in stored_text(cell) for cell in cells):
        yield f"no stored output shows {message}"


# What the rules look at


def all_cells(notebook: Any) -> Iterator[tuple[str, Any]]:
    """Each cell, with a name to find it by."""
    for number, cell in enumerate(notebook.cells, start=1):
        first, _, _ = cell.source.partition("\n")
        yield f"cell {number} ({first[:40]!r})", cell


def code_cells(notebook: Any) -> Iterator[tuple[str, Any]]:
    """Each code cell, with a name to find it by."""
    return ((name, cell) for name, cell in all_cells(notebook) if cell.cell_type == "code")


def tagged(notebook: Any, tag: str) -> Iterator[tuple[str, Any]]:
    """Each cell with a tag, with a name to find it by."""
    return ((name, cell) for name, cell in all_cells(notebook) if tag in tags(cell))


def tags(cell: Any) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def shows_something(source: str) -> bool:
    """Whether a cell ends in an expression, or prints outside a function."""
    body = ast.parse(plain_python(source)).body
    return bool(body) and (isinstance(body[-1], ast.Expr) or any(map(prints, body)))


def plain_python(source: str) -> str:
    """The code of a cell, with its magics as the calls that they stand for."""
    transformer: Any = TransformerManager
    return str(transformer().transform_cell(source))


def prints(node: ast.AST) -> bool:
    """Whether ``print`` is called here, and not only in a function that is defined here."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
        return True
    return any(map(prints, ast.iter_child_nodes(node)))


def sleeps(source: str) -> bool:
    """Whether code calls or imports ``sleep``, of whichever module."""
    return bool(re.search(r"\bsleep\s*\(|import\b.*\bsleep\b", source))


def last_token(source: str) -> str:
    """The last word or sign of code that is not a comment."""
    empty = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    code = plain_python(source)
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return next((t.string for t in reversed(list(tokens)) if t.type not in empty), "")


def html_outputs(cell: Any) -> list[str]:
    """What a cell shows as HTML."""
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return [each["text/html"] for each in data if "text/html" in each]


def stored_text(cell: Any) -> str:
    """All that a cell shows, as text: streams, errors, results, and the words in pictures."""
    parts = []
    for output in cell.outputs:
        parts += [output.get("text", ""), *output.get("traceback", [])]
        parts += [output.get("ename", ""), output.get("evalue", "")]
        parts += [text for text in output.get("data", {}).values() if isinstance(text, str)]
    pictures = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", "".join(parts))
    parts += [base64.b64decode(picture).decode() for picture in pictures]
    return unescape("\n".join(part for part in parts if part))


def headings(notebook: Any) -> list[tuple[int, str]]:
    """The level and the title of each heading, without what stands in blocks of code."""
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) +(.+)$", text, re.MULTILINE)]


def fenced_python(cell: Any) -> list[str]:
    """The blocks of Python in a markdown cell."""
    return re.findall(r"^```python\n(.*?)^```$", cell.source, re.MULTILINE | re.DOTALL)
