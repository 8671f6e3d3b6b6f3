"""The desk sheet: one leaf for everybody's desk."""

from __future__ import annotations

from helpers.publish.papers import Lesson


def desk_sheet(lesson: Lesson, paper: str) -> str:
    """The commonest symptoms, the chart and the configurations, on two pages."""
    return f"<title>To come</title><p>{lesson.release} {paper}"
