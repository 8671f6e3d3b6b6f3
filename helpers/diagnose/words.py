"""What diagnose says: the questions, the findings, and the notebook that explains each."""

from __future__ import annotations

QUESTIONS = {
    "another_thread": "seen by another thread",
    "another_process": "seen by another process",
    "uncommitted_hidden": "uncommitted work is hidden",
    "safe_from_rollback": "safe from another's rollback",
    "survives_dispose": "survives dispose()",
}
N02, N08 = "02_which_part_decides", "08_can_it_stay_in_memory"
N07, N09 = "07_what_happens_on_one_connection", "09_what_does_a_server_change"
OWN = "each {} gets a database of its own in memory, without the tables of the others."
ONE = "share one connection and so one transaction: a rollback takes the others' work with it."
TRAPS = {  # finding: (the notebook that explains it, the sentence)
    "own thread": ("01_where_did_the_table_go", f"In this app {OWN.format('thread')}"),
    "check off": (N02, f"With check_same_thread=False, still {OWN.format('thread')}"),
    "own connection": (N02, f"With this pool {OWN.format('connection')}"),
    "refused": (N02, "The driver refuses a connection in a thread that did not open it."),
    "name not shared": (N08, f"Connections do not share this name: {OWN.format('connection')}"),
    "not kept": (N08, "This database ends with its last connection, and the pool keeps none."),
    "one connection": (N07, f"All sessions {ONE}"),
    "one a thread": (N07, f"All sessions of a thread {ONE}"),
    "odd file": (N08, "This is not memory but a file with a strange name, which keeps its rows."),
    "dirty": ("11_which_setup_fits", "Sessions read what another one may never commit."),
}
NO_ERROR = {  # finding: what a reader sees, where the app answers as if all were well
    "one connection": "A row that was answered with 201 is gone.",
    "one a thread": "A row that was answered with 201 is gone.",
    "odd file": "There is a file called `{}`.",
    "dirty": "A session sees what another one has not committed.",
}
IN_README = (  # the messages of the table there
    "no such table: item",
    "SQLite objects created in a thread can only be used in that same thread.",
    "A row that was answered with 201 is gone.",
    "There is a file called `:memory:`.",
    "A session sees what another one has not committed.",
)
SAFE = {
    "file": ("05_does_a_file_help", "All threads and processes share one file."),
    "memory": (N08, "All threads of this process share one database in memory."),
    "turns": (N08, "All sessions take turns on one connection."),
    "server": (N09, "All threads and processes share one server."),
    "read only": (N09, "Each session has its own connection to a server, as far as reading tells."),
}
