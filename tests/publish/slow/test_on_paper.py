"""How a paper looks with another font, what is made, and a machine that lacks something."""

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
from small_lesson import make_lesson

from helpers.publish.desk import desk_sheet
from helpers.publish.files import read_notebooks
from helpers.publish.handout import DOCUMENTS, make
from helpers.publish.papers import PAPERS, Lesson
from helpers.publish.pdf import NoPdf, pdf

ROOT = Path(__file__).parents[3]

# On paper


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


def dots(html: str) -> Any:
    """What the first page of a document looks like: a dot is 1/144 inch, black is 0."""
    with pypdfium2.PdfDocument(pdf(html)) as file:
        return file[0].render(scale=2, grayscale=True).to_numpy().copy()


@pytest.mark.usefixtures("pdf_can_be_made")
def test_the_letters_of_a_picture_are_to_be_seen() -> None:
    """WeasyPrint knows no paint-order: it would put the white edge of a letter over it.

    Here it is below the letters, and above the lines that they cross.
    """
    notebooks = read_notebooks(ROOT / "notebooks", anew=False)
    outputs = [o for n in notebooks.values() for c in n.cells for o in c.get("outputs", [])]
    html = [output.get("data", {}).get("text/html", "") for output in outputs]
    [figure, *_] = [each for each in html if "<figure>" in each]
    [picture] = re.findall(r"base64,([\w+/=]+)", figure)
    bare = re.sub(r"<text.*?</text>", "", b64decode(picture).decode())
    wordless = figure.replace(picture, b64encode(bare.encode()).decode())

    with_words, without = dots(figure), dots(wordless)

    assert ((without > 128) & (with_words < 128)).sum() > 2000
    # "✗ no such table: item" crosses the line of a database, which stops before its letters.
    assert ((without < 160) & (with_words > 200)).any()


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
