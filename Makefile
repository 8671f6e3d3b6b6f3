# make lesson   opens your workbook in JupyterLab, on a port of your choice with PORT=9000
# make again    puts one notebook of it back, with NOTEBOOK=04, and keeps yours beside it
# make test     runs the tests and compares every output of the notebooks
# make slow     runs the tests that take long: browser, paper, killed kernels, banks of answers
# make check    checks the code without running it: lint, format, types
# make handout  makes the papers, on Letter with PAPER=Letter, run anew with EXECUTE=1,
#               those of one plan's notebooks with PLAN="Half a day"
# make present  makes the lesson for a projector, and opens it in a browser
# make preflight  checks what you need to teach a plan: PLAN="A day"
# make years    measures the stacks of 2013 to 2026 again, one of them with STACK=2013
# All install what they need into .venv. Another Python: make lesson PYTHON=python3.12
# On Windows, without make: py helpers\tasks lesson

PYTHON ?= python3

.PHONY: lesson workbook again test slow check install notebooks handout present preflight bench years lock
lesson workbook again test slow check install notebooks handout present preflight bench years lock:
	@$(PYTHON) helpers/tasks $@
