# shellcheck shell=bash
# Sourced by every script here: finds the repository, and makes .venv with the pinned requirements when it is missing or old.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export PYTHONPATH="$ROOT:$ROOT/ecs:$ROOT/scripts${PYTHONPATH:+:$PYTHONPATH}"
PYTHON="$ROOT/.venv/bin/python"
# Many Pythons start here. Where the environment forbids to keep what they compile, it is kept in what is ours.
export PYTHONPYCACHEPREFIX="$ROOT/.venv/pycache" PYTHONDONTWRITEBYTECODE=

fail() { # what failed, what was found, what to do
  printf 'error: %s\n  found: %s\n  do:    %s\n' "$@" >&2
  exit 1
}

find_python() { # the first Python of at least 3.11
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  fail "no Python 3.11 or newer on the PATH" "$(python3 --version 2>&1 || true)" "install Python 3.11+ and run this again"
}

install() { # install REQUIREMENTS: by uv, which takes seconds where pip takes minutes
  local uv
  uv="$(grep --max-count=1 '^uv==' "$ROOT/requirements.txt")"
  "$PYTHON" -m pip install --quiet --disable-pip-version-check "$uv" || return
  # uv does not read pip's configuration: behind a mirror that only pip knows, pip has to do it.
  "$ROOT/.venv/bin/uv" pip install --quiet --python "$PYTHON" -r "$1" ||
    "$PYTHON" -m pip install --quiet --disable-pip-version-check -r "$1"
}

ensure_venv() { # ensure_venv REQUIREMENTS: .venv holds what that file pins; says so only when it has work to do
  local requirements="$ROOT/$1" stamp="$ROOT/.venv/.installed" wanted python
  wanted="$(cat "$ROOT/requirements.txt" "$requirements" | cksum)"
  [[ -f $stamp ]] && grep --quiet --line-regexp --fixed-strings "$wanted" "$stamp" && return
  echo "setting up .venv from $1 (once; about 20 seconds)" >&2
  # A second script that starts meanwhile waits here instead of installing over the first.
  exec 9>"$ROOT/.venv.lock"
  if command -v flock >/dev/null; then flock 9; fi
  if [[ ! -x $PYTHON ]]; then
    python="$(find_python)" || exit 1
    "$python" -m venv "$ROOT/.venv" || fail "could not make .venv" "venv's own message stands above" \
      "on Debian and Ubuntu: apt-get install python3-venv, then run this again"
  fi
  install "$requirements" ||
    fail "could not install $1" "the installer's own message stands above" "check the network or proxy and run this again"
  # tests/requirements.txt holds requirements.txt, so that is installed, too.
  printf '%s\n' "$wanted" "$(cat "$ROOT/requirements.txt" "$ROOT/requirements.txt" | cksum)" >"$stamp"
  exec 9>&-
}
