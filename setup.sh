#!/usr/bin/env bash
# Check what the system must offer - Python with venv, tesseract, git - and install it where that is allowed.
# Usage: setup.sh PYTHON
set -euo pipefail
python=${1:-python3}

missing=()   # packages, by their Debian names
command -v git >/dev/null || missing+=(git)
command -v tesseract >/dev/null || missing+=(tesseract-ocr)
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "found:    $("$python" --version)" >&2
  echo "expected: Python 3.11 or newer" >&2
  echo "to do:    make PYTHON=/path/to/python3.11 ..." >&2
  exit 1
}
[ ${#missing[@]} = 0 ] && exit 0

sudo=()
if [ "$(id -u)" != 0 ]; then sudo=(sudo -n); fi
if command -v apt-get >/dev/null && { [ ${#sudo[@]} = 0 ] || sudo -n true 2>/dev/null; }; then
  echo "Installing ${missing[*]} with apt-get"
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
  exit 0
fi

{
  echo "found:    no ${missing[*]}"
  echo "expected: git, tesseract 4 or newer with English data, Python with venv"
  echo "where:    this system ($(uname -s)), on the PATH"
  case "$(uname -s)" in
    Darwin) echo "to do:    brew install git tesseract python@3.12; then run make again" ;;
    Linux) echo "to do:    install ${missing[*]} with your package manager as an administrator (Debian, Ubuntu: apt-get install ${missing[*]}), or ask for it; conda-forge offers tesseract without root; then run make again" ;;
    *) echo "to do:    on Windows use WSL with Debian or Ubuntu, then run make again there" ;;
  esac
} >&2
exit 1
