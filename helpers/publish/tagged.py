"""What PDF/UA demands of a file and WeasyPrint leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def finish(document: Any, file: Any) -> None:
    """Say what each heading of a table is the heading of; read no page's head and foot aloud.

    :param document: as WeasyPrint hands it over.
    :param file: the ``pydyf.PDF`` that is about to be written; it is changed.
    """
    objects = {each.reference: each for each in file.objects}
    root = objects[file.catalog["StructTreeRoot"]]
    reached = dict(_below(root, objects))
    for element in reached.values():
        if element["S"] == "/TH":
            group = objects[objects[element["P"]]["P"]]
            element["A"]["Scope"] = "/Column" if group["S"] == "/THead" else "/Row"
    for each in objects.values():
        if isinstance(each, dict) and each.get("Subtype") == "/Link":
            each["F"] = 4  # printed as it is shown
    lost = {
        reference: each
        for reference, each in objects.items()
        if isinstance(each, dict) and each.get("Type") == "/StructElem" and reference not in reached
    }
    for element in lost.values():
        for kid in element["K"]:
            if isinstance(kid, int):
                _no_content(objects[objects[element["Pg"]]["Contents"]].stream, kid)
    for kids in objects[root["ParentTree"]]["Nums"][1::2]:
        if isinstance(kids, list):
            kids[:] = ["null" if kid in lost else kid for kid in kids]


def _below(element: Any, objects: dict[bytes, Any]) -> Iterator[tuple[bytes, Any]]:
    """The elements below one in the tree, by their references."""
    for kid in element.get("K", ()):
        if isinstance(kid, bytes) and objects[kid].get("Type") == "/StructElem":
            yield kid, objects[kid]
            yield from _below(objects[kid], objects)


def _no_content(stream: list[Any], number: int) -> None:
    """Mark what is drawn under a number as no part of the text."""
    for place, item in enumerate(stream):
        if isinstance(item, dict) and item.get("MCID") == number:
            stream[place - 1 : place + 2] = ["/Artifact", b"BMC"]
            return
