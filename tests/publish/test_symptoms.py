"""The symptoms as data: each has its test, and README shows them as they are."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from helpers.diagnose.words import FINDINGS
from helpers.publish import symptoms
from helpers.publish.frame import Problem
from helpers.publish.readme import ROOT, frames, renew

TESTS = Path(__file__).parents[1] / "symptoms"


def test_each_cause_has_one_test() -> None:
    """`tests/symptoms` has the error, looks, and cures it, under the name of the cause."""
    found: Counter[str] = Counter()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            if any(argument.arg == "row" for argument in node.args.args):
                found[node.name.removeprefix("test_")] += 1
    causes = Counter(cause.id for _, cause in symptoms.each())
    assert found == causes


def test_a_symptom_is_a_message_or_what_happens() -> None:
    for symptom, cause in symptoms.each():
        assert bool(symptom.message) != bool(symptom.seen), symptom
        assert cause.why.endswith((".", "`", "?")), cause.id
        assert cause.cure.endswith((".", "`")), cause.id
        assert not re.search(r"\b(set-up|can not|do not|does not|is not)\b", cause.why), cause.id


def test_a_heading_for_each_group_and_symptom() -> None:
    links = {f"{number:02}": f"notebooks/{number:02}" for number in range(18)}
    text = symptoms.markdown(links)
    for group in symptoms.read():
        assert f"### {group.title}\n" in text
    for symptom, cause in symptoms.each():
        assert f"#### {symptom.shown}\n" in text and cause.why in text and f"`{cause.look}`" in text


def test_diagnose_says_the_same() -> None:
    """It stands alone, so its words are written twice: each message of it has its row here."""
    known = [symptom.message or symptom.seen for symptom, _ in symptoms.each()]
    for finding, words in FINDINGS.items():
        message = words.message.partition("Error: ")[2] or words.message
        names = {"table": "item", "column": "price", "file": ":memory:", "error": ""}
        said = message.format_map(names).rstrip(".")
        assert any(said in each for each in known), f"{finding}: {said}"


def test_readme_shows_the_symptoms_and_the_notebooks() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    made = renew(text, frames(ROOT / "notebooks"))
    assert text == made, "python -m helpers.publish.readme writes it anew"


def test_a_readme_without_the_place_for_a_table() -> None:
    with pytest.raises(Problem, match="has no part <!-- symptoms -->"):
        renew("# Title\n", [])


def test_reports_lead_to_rows() -> None:
    """Each with its address: twenty, those of migrations, and others', three times."""
    causes = {cause.id for _, cause in symptoms.each()}
    lists = (TESTS / "reports.md").read_text(encoding="utf-8").split("\n## ")
    tables = [
        [line.strip("| ").split(" | ") for line in text.splitlines() if "https://" in line]
        for text in lists
    ]
    assert len(tables) == 5 and len(tables[0]) == 20
    assert len({row[0] for rows in tables for row in rows}) == sum(map(len, tables))
    for text, rows in zip(lists, tables, strict=True):
        assert {row[2] for row in rows} <= causes
        served = sum(row[3].startswith("yes") for row in rows)
        assert served >= 0.9 * len(rows) and f"{served} of {len(rows)} are served" in text
