# What a developer does here. Everything also works without just: see run.py.

# List what there is
default:
    @just --list

# Make the environment: Python packages, and the programs that some tests need (see .ci/run)
setup:
    uv sync
    sudo apt-get install --no-install-recommends chromium libatomic1 dovecot-sieve python3-dkim spamassassin

# The product with its demo studio
run *ARGS:
    python3 run.py demo {{ARGS}}

# All tests, or those that the arguments name
test *ARGS:
    python3 run.py test {{ARGS}}

# Tests that run in one process, on PostgreSQL instead of SQLite
test-postgres *ARGS="tests/integration tests/property":
    .venv/bin/python -m tests.postgres -n logical {{ARGS}}

# Everything but the tests: lint, format, types, imports, migrations, locks
check *NAMES:
    python3 run.py check {{NAMES}}

# Correct what a program can correct
fix:
    .venv/bin/ruff check --fix
    .venv/bin/ruff format

# After a change of dependencies in pyproject.toml
lock *ARGS:
    uv lock {{ARGS}}
    uv run --frozen python tools/requirements.py

# All benchmarks, each beside its peers
bench *ARGS:
    python3 run.py test --version > /dev/null
    .venv/bin/python -m benchmarks {{ARGS}}
