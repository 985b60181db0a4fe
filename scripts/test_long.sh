#!/usr/bin/env bash
# The proofs that take too long for every commit: see --help.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ ${1:-} == --help ]]; then
  cat <<'END'
usage: ./scripts/test_long.sh [PYTEST ARGUMENT ...]

1. Kills a deploy, and an undeploy, after every single call that changes something, and runs it again; then runs
   the tests marked long, smoke_aws.sh on the local AWS among them. About half an hour.
2. Builds the images in ecs/ and runs them beside the local AWS, and as the local AWS's tasks, with a real Docker
   engine, on Linux. DOCKER names another docker client. Without an engine that answers,
   ../shared/containers/engine.sh starts a private one when it is there; otherwise this part is skipped, and the
   next. The pytest arguments are for this part.
3. Sends ten million rows, 667 MB, through both images with 512 MB of memory each. About five minutes.
END
  exit 0
fi

PRIVATE="$ROOT/../shared/containers"

start_private_engine() { # an engine of our own until this script ends, with a base image made from Debian's packages
  CE_ROOT="$(mktemp -d)"
  export CE_LIMIT=5400 # seconds, after which it ends by itself
  # shellcheck source=/dev/null
  source "$PRIVATE/engine.sh"
  trap 'ce_stop || true' EXIT
  ce_install
  echo '{}' >"$CE_ROOT/daemon.json"
  ce_start
  echo "-----> base image (about a minute)"
  "$PRIVATE/make_base.sh" "$CE_ROOT/base.tar" >"$CE_ROOT/base.log" 2>&1 ||
    fail "could not make the base image" "$(tail -5 "$CE_ROOT/base.log")" "mend $PRIVATE/make_base.sh"
  "$PYTHON" "$PRIVATE/load_base.py" "$CE_ROOT/base.tar" python:3.11-slim-bookworm | "$DOCKER" load
  export DOCKER DOCKER_BUILDKIT=1
}

ensure_venv tests/requirements.txt
cd "$ROOT"
echo "-----> deploy and undeploy, killed at every call"
KILL_AT_EVERY_CALL=yes "$PYTHON" -m pytest tests/integration/test_interrupted.py --timeout 1800
echo "-----> the tests marked long"
"$PYTHON" -m pytest --long --timeout 600 tests/unit tests/properties tests/e2e tests/integration tests/long/test_smoke.py

echo "-----> the images in real containers"
if "${DOCKER:-docker}" version >/dev/null 2>&1; then
  export DOCKER="${DOCKER:-docker}"
elif [[ -f $PRIVATE/engine.sh ]]; then
  unset DOCKER # the engine brings the client that fits it
  start_private_engine
else
  echo "skipped: no Docker engine answers. Start one (\`${DOCKER:-docker} version\` must name a server) and run this again."
  exit 0
fi
"$PYTHON" -m pytest tests/long/test_containers.py tests/long/test_docker_tasks.py "$@"
echo "-----> ten million rows, in 512 MB"
"$PYTHON" -m pytest tests/long/test_large_file.py
