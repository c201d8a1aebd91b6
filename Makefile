# make demo     a made-up study, from its protocol to the PDFs
# make test     every test and doctest
# make check    formatter, linter, types, import rules
# make release  what is proved of a release only: the demonstration's PDFs by veraPDF

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test release check bench picture gallery clean

demo: .venv/ready
	$(BIN)/clinval demo demo --force

test: .venv/ready
	$(BIN)/pytest -n auto --dist loadfile

release: .venv/ready
	$(BIN)/pytest -m release

check: .venv/ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# the peer of the report's benchmark comes with the extra bench, and needs Pango
bench: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	# lifelines asks for an older pandas than clinval has, but its Weibull fit needs none
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps lifelines autograd autograd-gamma
	$(BIN)/python benchmarks/run.py

# the README's picture
picture: demo
	$(BIN)/python docs/picture.py

# docs/gallery: every chart, table styles, pages of every report
gallery: demo
	$(BIN)/python docs/gallery.py

# constraints.txt names the versions that the tests were run with
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,lint]"
	touch $@

clean:
	rm -rf .venv demo
