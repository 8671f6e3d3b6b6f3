# make lesson   opens the lesson in JupyterLab, on a port of your choice with PORT=9000
# make test     runs every test and compares every output of the notebooks
# Both install what they need into .venv. Another Python: make lesson PYTHON=python3.12
# On Windows, without make: py helpers\tasks.py lesson

PYTHON ?= python3

.PHONY: lesson test install notebooks bench
lesson test install notebooks bench:
	@$(PYTHON) helpers/tasks.py $@
