"""How the papers look: each document on each paper, and a machine that lacks something."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from printed import Printed
from small_lesson import make_lesson
from test_papers import squeezed, words

from helpers.publish.desk import desk_sheet
from helpers.publish.files import read_notebooks
from helpers.publish.handout import DOCUMENTS, make
from helpers.publish.papers import PAPERS, Lesson
from helpers.publish.pdf import NoPdf, pdf

ROOT = Path(__file__).parents[3]

# The worksheet has a page for each notebook, and four for the case.
MOST_PAGES = {
    "findings": 20,
    "findings-optional": 10,
    "desk-sheet": 2,
    "guide": 60,
    "worksheet": len(list((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))) - 1 + 4,
}


# On paper


def test_it_can_be_carried(printed: Printed) -> None:
    """One leaf on the desk; no more pages than a learner reads, and an instructor prepares from."""
    assert len(printed.pages) <= MOST_PAGES[printed.name]


@pytest.mark.usefixtures("pdf_can_be_made")
@pytest.mark.parametrize("paper", PAPERS)
def test_the_desk_sheet_is_one_leaf_with_another_font(
    paper: str, lesson: Lesson, tmp_path: Path
) -> None:
    """Where Liberation Sans is missing, the wider DejaVu Sans takes its place."""
    config = tmp_path / "fonts.conf"
    config.write_text(WITHOUT_LIBERATION.format(tmp_path), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "helpers.publish.pdf"],
        input=desk_sheet(lesson, paper).encode(),
        env={**os.environ, "FONTCONFIG_FILE": str(config)},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )

    with pypdfium2.PdfDocument(done.stdout) as file:
        assert len(file) == 2


WITHOUT_LIBERATION = """
<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <cachedir>{}</cachedir>
  <selectfont><rejectfont><pattern>
    <patelt name="family"><string>Liberation Sans</string></patelt>
  </pattern></rejectfont></selectfont>
</fontconfig>
"""


def test_no_table_and_no_code_is_cut(printed: Printed) -> None:
    """All the text of a table, its caption too, is on one page; so is that of a block of code."""
    blocks = re.findall(r"<table.*?</table>|<pre.*?</pre>", printed.html, re.DOTALL)
    pages = [squeezed(page) for page in printed.pages]

    assert blocks
    for block in blocks:
        text = squeezed(words(block))
        assert any(text in page for page in pages), block


def test_nothing_runs_into_the_margin(printed: Printed) -> None:
    """Ten millimeters on the left and on the right, and five above and below, are white."""
    for number, page in enumerate(printed.file, start=1):
        picture = page.render(scale=1, grayscale=True).to_numpy()  # a dot is 1/72 inch
        side, edge = int(10 * 72 / 25.4), int(5 * 72 / 25.4)
        for strip in (picture[:, :side], picture[:, -side:], picture[:edge], picture[-edge:]):
            assert strip.min() == 255, f"page {number}"


def test_each_page_says_which_one_it_is(printed: Printed) -> None:
    """Of how many; a leaf for the desk needs none."""
    total = len(printed.pages)
    if printed.name != "desk-sheet":
        pages = enumerate(printed.pages, 1)
        assert [n for n, page in pages if f"{n} / {total}" not in page] == []


def test_the_contents_say_the_page(printed: Printed, lesson: Lesson) -> None:
    """The number beside a title in the contents is that of the page with the heading."""
    found = {mark.get_title(): mark.get_dest().get_index() + 1 for mark in printed.file.get_toc()}
    for title in [each for each in found if re.match(r"\d\d (?!minutes)", each)]:
        line = re.search(rf"{re.escape(title)}\s*\.+\s*(\d+)", printed.pages[0])
        assert line and int(line[1]) == found[title], title


def dots(html: str) -> Any:
    """What the first page of a document looks like: a dot is 1/144 inch, black is 0."""
    with pypdfium2.PdfDocument(pdf(html)) as file:
        return file[0].render(scale=2, grayscale=True).to_numpy().copy()


@pytest.mark.usefixtures("pdf_can_be_made")
def test_the_letters_of_a_picture_are_to_be_seen() -> None:
    """WeasyPrint knows no paint-order: it would put the white edge of a letter over it."""
    notebooks = read_notebooks(ROOT / "notebooks", anew=False)
    outputs = [o for n in notebooks.values() for c in n.cells for o in c.get("outputs", [])]
    html = [output.get("data", {}).get("text/html", "") for output in outputs]
    [figure, *_] = [each for each in html if "<figure>" in each]
    [picture] = re.findall(r"base64,([\w+/=]+)", figure)
    bare = re.sub(r"<text.*?</text>", "", b64decode(picture).decode())
    wordless = figure.replace(picture, b64encode(bare.encode()).decode())

    assert ((dots(wordless) < 128) != (dots(figure) < 128)).sum() > 2000


# What is made


@pytest.mark.usefixtures("pdf_can_be_made")
def test_each_paper_is_made_twice_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As HTML and as PDF, with the same bytes; no bar is drawn where there is no terminal."""
    root = make_lesson(tmp_path / "lesson")
    for out in ("first", "second"):
        make(root, tmp_path / out, "A4", anew=False)

    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == sorted(f"{name}.{kind}" for name in DOCUMENTS for kind in ("html", "pdf"))
    assert all(
        (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
        for name in files
    )
    assert capfd.readouterr() == ("", "")


# A machine that lacks something

WITHOUT_PANGO = """
import cffi
real = cffi.FFI.dlopen
def dlopen(self, name, flags=0):
    if "pango" in str(name):
        raise OSError(f"cannot load library {name!r}: no such file")
    return real(self, name, flags)
cffi.FFI.dlopen = dlopen
"""

HTML = sorted(f"{name}.html" for name in DOCUMENTS)


def made_by_a_fresh_process(out: Path, **environment: str) -> tuple[str, list[str]]:
    """What making the papers says and leaves: WeasyPrint looks for libraries and fonts once."""
    done = subprocess.run(
        [sys.executable, "-m", "helpers.publish.handout", f"--output={out}"],
        env={**os.environ, **environment},
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 1, done.stdout
    return done.stdout, sorted(path.name for path in out.iterdir())


def test_without_pango_there_is_a_sentence_and_no_page_of_advice(tmp_path: Path) -> None:
    """It says what to install, and the HTML is made."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_PANGO, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    said, files = made_by_a_fresh_process(tmp_path / "out", PYTHONPATH=path)

    assert re.fullmatch(
        r".* HTML only; PDFs cannot be made here \(cannot load .*libpango.*\n", said
    )
    assert files == HTML


def test_without_a_font_there_is_a_sentence_and_no_crash(tmp_path: Path) -> None:
    """WeasyPrint warns, and then ends the process; here the HTML is made."""
    config = tmp_path / "fonts.conf"
    config.write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>", encoding="utf-8")
    said, files = made_by_a_fresh_process(tmp_path / "out", FONTCONFIG_FILE=str(config))

    assert re.fullmatch(r".* HTML only; PDFs cannot be made here \(No fonts.*dejavu-core.*\n", said)
    assert files == HTML


@pytest.mark.usefixtures("pdf_can_be_made")
@pytest.mark.parametrize("source", ["https://example.org/a.svg", "{folder}/a.svg", "a.svg"])
def test_nothing_is_fetched_for_a_pdf(source: str, tmp_path: Path) -> None:
    """A picture from elsewhere is refused, and named, also when it can be had."""
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")

    with pytest.raises(NoPdf, match=r'Error fetching ".*a\.svg": nothing is fetched'):
        pdf(f'<img src="{source.format(folder=tmp_path.as_uri())}" alt="A">')
