"""What was found about each complaint."""

from __future__ import annotations

COMPLAINTS = {
    "orders": "An order comes and goes.",
    "parcels": "The worker packs nothing.",
    "catalogue": "Products are listed twice.",
    "payment": "While one customer pays, others wait.",
    "tests": "The tests are red.",
    "diagnose": "Does diagnose call it safe?",
}
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
            return UNKNOWN, self.stopped
        for grade in (STILL, BUT):
            for found, said in notes:
                if found == grade:
                    return grade, said
        return FIXED, ""

    def grade(self) -> str:
        """The grade of the whole: ``right``, ``right, but`` or ``not yet``."""
        grades = {self.of(complaint)[0] for complaint in COMPLAINTS}
        if grades & {STILL, UNKNOWN} or self.stopped:
            return "not yet"
        return "right, but" if BUT in grades else "right"

    def lines(self) -> list[tuple[str, str, str]]:
        """Complaint, grade, and what happened, one for each complaint."""
        return [(text, *self.of(complaint)) for complaint, text in COMPLAINTS.items()]
