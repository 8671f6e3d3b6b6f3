"""What customers do, and whether the shop keeps its word."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from helpers.case.findings import BUT, STILL, Findings
from helpers.case.host import Failed, Host, Web

THREADS = 4  # of the one process of the second day: each may keep a connection for itself
EMPTY_SHELF = "With tables, no products, and two processes that start at the same moment"


class Sale:
    """All that customers have bought so far.

    :param host: has a copy of the project, and a payment provider beside it.
    :param found: gets a note of what goes wrong.
    """

    def __init__(self, host: Host, found: Findings) -> None:
        self.host, self.outside, self.found = host, host.outside, found
        self.bought: dict[int, str] = {}  # a product by the number of its order
        self.sold: Counter[str] = Counter()  # how many of each product

    def look_at_the_products(self, web: Web, *expected: str) -> None:
        """Two customers come at the same moment, and two more come later."""
        answers = web.together("GET /products", "GET /products")
        answers += web.turns("GET /products", "GET /products")
        for answer in answers:
            seen = Counter(body(answer, "GET /products"))
            listed = ", ".join(seen.elements()) or "nothing"
            if max(seen.values(), default=0) > 1:
                self.found.note("catalogue", STILL, f"A customer sees {listed}.")
            elif seen != Counter(expected):
                text = f"The shop sells {', '.join(expected)}, and one process lists {listed}."
                self.found.note("orders", STILL, text)

    def look_for_doubles(self, web: Web) -> None:
        """No process lists a product twice."""
        for answer in web.turns("GET /products", "GET /products"):
            seen = Counter(body(answer, "GET /products"))
            if max(seen.values(), default=0) > 1:
                listed = ", ".join(seen.elements())
                self.found.note("catalogue", STILL, f"{EMPTY_SHELF}, a customer sees {listed}.")

    def buy(self, web: Web, *names: str) -> None:
        """Customers order in turns; then each process is asked for the orders."""
        for name, answer in zip(
            names, web.turns(*(f"POST /orders/{n}" for n in names)), strict=True
        ):
            if problem := self.note_number(name, answer):
                self.found.note("orders", STILL, problem)
        self.look_for_orders(web, "A moment later")
        if any(answer["inherited"] for answer in web.turns("GET /orders", "GET /orders")):
            text = (
                "Every process lists every order. But they use a connection that was opened before"
                " they were forked, as in notebook 10: SQLite forbids that."
            )
            self.found.note("orders", BUT, text)
        self.found.looked("orders")

    def note_number(self, name: str, answer: dict[str, Any]) -> str:
        """Write down the number of an order, or say what is wrong with the answer."""
        told = answer["body"] if isinstance(answer["body"], dict) else {}
        number = told.get("number")
        if answer["status"] != 201 or type(number) is not int:
            return f"An order of a {name} {returned(answer)}."
        self.sold[name] += 1
        if number in self.bought:
            return f"Two customers have order {number}: a {self.bought[number]} and a {name}."
        self.bought[number] = name
        return ""

    def look_for_orders(self, web: Web, when: str) -> None:
        """Each process has to list each order that a customer has a number for."""
        for answer in web.turns("GET /orders", "GET /orders"):
            listed = {each["number"]: each["product"] for each in body(answer, "GET /orders")}
            missing = [n for n, name in self.bought.items() if listed.get(n) != name]
            if missing:
                orders = ", ".join(f"{number} ({self.bought[number]})" for number in missing)
                text = (
                    f"The customers have their numbers. {when}, a process lists no order {orders}."
                )
                self.found.note("orders", STILL, text)

    def pack(self, web: Web) -> None:
        """After the worker's round, everything that was bought is packed."""
        said = self.host.pack()
        states = self.states(web)
        if left := [number for number in self.bought if states.get(number) != "packed"]:
            state = states.get(left[0], "unknown to the web process that was asked")
            last = (said.splitlines() or ["nothing"])[-1]
            text = f"The worker says `{last}`, and order {left[0]} is {state}."
            self.found.note("parcels", STILL, text)
        self.found.looked("parcels")

    def states(self, web: Web) -> dict[int, str]:
        """The state of each order, by its number."""
        [answer] = web.turns("GET /orders")
        return {each["number"]: each["state"] for each in body(answer, "GET /orders")}

    def pay_at_the_same_time(self, web: Web) -> None:
        """Ann's payment takes long. Ben orders in the meantime, and Cem lists the orders."""
        before = self.states(web)
        self.outside.hold()
        with ThreadPoolExecutor() as threads:
            ann = web.start(threads, "POST /orders/lamp")
            ann_pays = self.outside.next_charge(ann)
            ben = web.start(threads, "POST /orders/mug")
            ben_pays = self.outside.next_charge(ben)
            ben_is_served = ben_pays or ben.done()
            cem = web.start(threads, "GET /orders").result() if ann_pays else None
            self.outside.go_on()
        problems = self.note_number("lamp", ann.result()), self.note_number("mug", ben.result())
        text = " ".join(filter(None, problems))
        if not ben_is_served:
            text = "While Ann's payment is under way, Ben orders, and gets no answer."
        elif problems[1] and ann_pays and not ben_pays:
            text = f"While Ann's payment is under way, Ben orders. {problems[1]}"
        elif not text and cem and cem["status"] != 200:
            text = f"While Ann's payment is under way, the list of orders {returned(cem)}."
        if text:
            self.found.note("payment", STILL, text)
        elif cem and len(cem["body"]) == len(before):
            text = (
                "Nobody waits. But while Ann pays, the shop has no trace of her order: a process"
                " that ends at that moment leaves her with a bill and nothing else."
            )
            self.found.note("payment", BUT, text)

    def pay_in_vain(self, web: Web) -> None:
        """A rug whose payment is refused; all that is paid is packed afterwards."""
        before = self.states(web).keys()
        self.outside.refused.add("rug")
        [answer] = web.turns("POST /orders/rug")
        if answer["status"] >= 500:
            text = f"An order with a refused payment {returned(answer)}."
            self.found.note("payment", STILL, text)
        self.pack(web)
        after = self.states(web)
        if any(after[number] in ("paid", "packed") for number in after.keys() - before):
            text = "A rug whose payment was refused is paid or packed."
            self.found.note("payment", STILL, text)

    def give_back_connections(self, web: Web) -> None:
        """Customers come one after the other, and each connection has to come back."""
        lent = []
        with ThreadPoolExecutor(1) as customer:
            for request in ("GET /products", "GET /orders", "POST /orders/mug"):
                for _ in range(THREADS + 2):
                    answer = web.start(customer, request).result()
                    if request.startswith("POST") and (problem := self.note_number("mug", answer)):
                        self.found.note("orders", STILL, problem)
                    lent.append(answer["lent"])
                    if lent[-1] - lent[0] > THREADS or "QueuePool" in answer["error"]:
                        text = (
                            f"After {len(lent)} requests more, {lent[-1]} connections are lent, and"
                            " nobody uses them: sessions that are never closed. Notebook 08 shows"
                            " where that ends, at `QueuePool limit … reached`."
                        )
                        self.found.note("orders", STILL, text)
                        return

    def count_payments(self) -> None:
        """Each order was paid once."""
        paid = Counter(name for _, name in self.outside.charges)
        for name in (self.sold - paid) + (paid - self.sold):
            text = f"The shop sold {self.sold[name]} × {name}, and was paid for {paid[name]}."
            self.found.note("payment", STILL, text)


def body(answer: dict[str, Any], request: str) -> list[Any]:
    """The list that a request is answered with.

    :raises Failed: when it is answered with anything else.
    """
    if answer["status"] != 200 or not isinstance(answer["body"], list):
        raise Failed(f"`{request}` {returned(answer)}.")
    return answer["body"]


def returned(answer: dict[str, Any]) -> str:
    """An answer, as the end of a sentence."""
    what = f"returns {answer['status']}"
    told = answer["error"] or ("" if answer["status"] >= 500 else f"{answer['body']}")
    return f"{what}: {told}" if told else what
