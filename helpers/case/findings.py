"""What was found about each complaint."""

from __future__ import annotations

from helpers.learn import Grade

COMPLAINTS = {  # what is looked at, and what is said when all is well
    "orders": "every process lists every order, also after the next deployment.",
    "parcels": "the worker packs what is paid.",
    "catalogue": "no product is listed twice, also when two processes start at the same moment.",
    "payment": "while Ann pays, Ben orders, and a refused payment leaves nothing to pack.",
    "tests": "they are green, also with a live server, and each has its own database.",
    "diagnose": "exit status 0 with the settings for production and for development.",
}
MARKS = {"fixed": "✓", "right, but": "✓, but", "not yet": "✗", "not tried": "–"}
FIXED, BUT, STILL, UNKNOWN = "fixed", "right, but", "not yet", "not tried"


class Findings:
    """Notes on each complaint; the worst one counts, and the first of those is told."""

    def __init__(self) -> None:
        self._notes: dict[str, list[tuple[str, str]]] = {}
        self.stopped = ""  # why the run came to no end

    def looked(self, *complaints: str) -> None:
        """A complaint was tried to the end; without a note, it is fixed."""
        for complaint in complaints:
            self._notes.setdefault(complaint, [])

    def note(self, complaint: str, grade: str, said: str) -> None:
        """Something happened that should not.

        :param complaint: a key of ``COMPLAINTS``.
        :param grade: ``STILL`` or ``BUT``.
        :param said: what happened, in a sentence.
        """
        self._notes.setdefault(complaint, []).append((grade, said))

    def of(self, complaint: str) -> tuple[str, str]:
        """The grade of a complaint, and what happened."""
        notes = self._notes.get(complaint)
        if notes is None:
            return UNKNOWN, "not tried."
        for grade in (STILL, BUT):
            for found, said in notes:
                if found == grade:
                    return grade, said
        return FIXED, COMPLAINTS[complaint]

    def grade(self) -> Grade:
        """The grade of the whole: ``right``, ``right, but`` or ``not yet``."""
        grades = {self.of(complaint)[0] for complaint in COMPLAINTS}
        if grades & {STILL, UNKNOWN} or self.stopped:
            return "not yet"
        return "right, but" if BUT in grades else "right"

    def lines(self) -> list[str]:
        """Whether the run came to its end, and a line for each complaint."""
        lines = [f"It ended early: {self.stopped}" if self.stopped else "A copy of it ran."]
        for complaint in COMPLAINTS:
            grade, said = self.of(complaint)
            lines.append(f"{MARKS[grade]} {complaint}: {said}")
        return lines
