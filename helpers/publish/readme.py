"""The parts of README.md that are made from data: the symptoms and the list of notebooks.

``python -m helpers.publish.readme`` writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from helpers.publish import symptoms
from helpers.publish.frame import Frame, Problem, read_frame

ROOT = Path(__file__).parents[2]


def frames(folder: Path) -> list[Frame]:
    """What each notebook says of itself, in the order in which they are taught.

    :param folder: of the notebooks.
    """
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    return [read_frame(path.name, nbformat.read(path, as_version=4)) for path in paths]


def notebooks_table(lesson: list[Frame]) -> str:
    """The list of notebooks: title, questions, minutes.

    :param lesson: the notebooks, in order.
    """
    lines = ["| Notebook | You can then answer | Minutes |", "|---|---|---|"]
    for frame in lesson:
        optional = " (optional)" if frame.optional else ""
        link = f"[{frame.number} {frame.title}](notebooks/{frame.name}){optional}"
        lines.append(f"| {link} | {' '.join(frame.questions)} | {frame.minutes} |")
    core = sum(frame.minutes for frame in lesson if not frame.optional)
    more = sum(frame.minutes for frame in lesson if frame.optional)
    lines += ["", f"Together {core} minutes, and {more} more that are optional."]
    return "\n".join(lines)


def renew(readme: str, lesson: list[Frame]) -> str:
    """README with its made parts as they should be.

    :param readme: its text, with ``<!-- symptoms -->`` and ``<!-- notebooks -->``, each with
        ``<!-- end -->`` below.
    :param lesson: the notebooks, in order.
    :raises Problem: when a part is not there.
    """
    links = {frame.number: f"notebooks/{frame.name}" for frame in lesson}
    parts = {"symptoms": symptoms.markdown(links), "notebooks": notebooks_table(lesson)}
    for name, text in parts.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        found = place.search(readme)
        if not found:
            raise Problem(
                f"README.md has no part <!-- {name} --> … <!-- end -->: put the two lines where"
                " its table belongs."
            )
        readme = f"{readme[: found.end(1)]}{text}\n{readme[found.start(2) :]}"
    return readme


if __name__ == "__main__":
    path = ROOT / "README.md"
    text = renew(path.read_text(encoding="utf-8"), frames(ROOT / "notebooks"))
    path.write_text(text, encoding="utf-8")
