#!/usr/bin/env bash
# Everything that must hold: linters, types, validators, then the tests. About seven minutes on two cores.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
if [[ ${1:-} == --help ]]; then
  echo "usage: ./scripts/test.sh [PYTEST ARGUMENT ...]   linters, types, validators, then pytest with the arguments"
  exit 0
fi

ensure_venv tests/requirements.txt
export PATH="$ROOT/.venv/bin:$PATH"
cd "$ROOT"

check() { # check NAME COMMAND...: says what runs, and stops at the first that fails
  echo "-----> $1"
  "${@:2}"
}

check "ruff" ruff check .
check "ruff format" ruff format --check --quiet .
check "mypy" mypy local_aws scripts/mayfly ecs benchmarks tests
check "shellcheck" shellcheck --external-sources scripts/*.sh tests/*.sh .ci/run
check "shfmt" shfmt --diff --indent 2 --case-indent scripts/*.sh tests/*.sh .ci/run
check "zizmor" zizmor --offline --quiet --strict-collection --persona auditor .github
check "workflow's schema" check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
check "dependabot's schema" check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
packed="$(mktemp -d)"
trap 'rm -rf "$packed"' EXIT
check "parliament" python -m mayfly.checking.lint_infra "$packed"
check "cfn-lint" cfn-lint infra/*.yaml "$packed"/*.json
check "checkov" uv run --quiet --no-project --isolated --with-requirements tests/checkov.txt -- \
  env LOG_LEVEL=ERROR checkov --config-file .checkov.yaml --directory "$packed"
check "hadolint" hadolint ecs/*/Dockerfile
check "statelint, policies, event patterns" ./scripts/validate_json.sh
check "pytest" pytest --numprocesses 2 --dist loadfile "$@"
