# make lesson   opens the lesson in JupyterLab, on a port of your choice with PORT=9000
# make test     runs every test and compares every output of the notebooks
# make handout  makes the handouts, on Letter with PAPER=Letter, run anew with EXECUTE=1
# All install what they need into .venv. Another Python: make lesson PYTHON=python3.12
# On Windows, without make: py helpers\tasks.py lesson

PYTHON ?= python3

.PHONY: lesson test install notebooks handout bench
lesson test install notebooks handout bench:
	@$(PYTHON) helpers/tasks.py $@
