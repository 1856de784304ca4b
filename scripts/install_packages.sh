#!/usr/bin/env bash
# Installs what Debian 12 lacks for the given groups; touches nothing when all of it is there.
#   scripts/install_packages.sh build          what the libraries, the collector and the samples need
#   scripts/install_packages.sh build tests    and what the tests and benchmarks need
#   scripts/install_packages.sh build tests deep    and what test.sh --deep and coverage.sh need
set -euo pipefail

build=(g++ cmake ninja-build pkg-config libcurl4-openssl-dev libssl-dev zlib1g-dev rapidjson-dev
  libconcurrentqueue-dev libprotozero-dev libzstd-dev libre2-dev libmicrohttpd-dev libsqlite3-dev
  libcli11-dev libspdlog-dev ca-certificates)
tests=(libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev protobuf-compiler libprotobuf-dev clang-14
  libclang-rt-14-dev python3 nodejs npm ccache prometheus chromium)
deep=(gcovr valgrind)

[ $# -gt 0 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
wanted=()
for group in "$@"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    tests) wanted+=("${tests[@]}") ;;
    deep) wanted+=("${deep[@]}") ;;
    *) echo "install_packages.sh: no group '$group'; there are: build, tests, deep" >&2; exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "Not a Debian system: install what corresponds to: ${wanted[*]}" >&2
  exit 0  # the build tells what is really missing
fi

missing=()
for package in "${wanted[@]}"; do
  # Node.js often comes from elsewhere than Debian, in packages that conflict with Debian's npm.
  case $package in
    nodejs) ! command -v node >/dev/null || continue ;;
    npm) ! command -v npm >/dev/null || continue ;;
  esac
  status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | sort -u || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Run this as root, or install sudo: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" </dev/null >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "failed: $*" >&2
    exit 1
  fi
}
echo "Installing from Debian: ${missing[*]}"
quietly apt-get update -q
quietly apt-get install -q -y --no-install-recommends "${missing[@]}"
