#!/usr/bin/env bash
# Check what the system must offer, and install it where that is allowed.
# Usage: setup.sh system PYTHON   - Python with venv, tesseract, git
#        setup.sh repository      - a git repository, which DVC needs to run the pipeline
#        setup.sh browser         - Chromium and its driver, for the tests of pages; without them these tests are skipped
set -euo pipefail

refuse() { # found, expected, where, to do
  printf 'found:    %s\nexpected: %s\nwhere:    %s\nto do:    %s\n' "$@" >&2
  exit 1
}

repository() {
  [ -e .git ] && return
  grep -qs '^ *no_scm *= *true' .dvc/config.local .dvc/config && return
  refuse "no git repository (the files were downloaded as an archive?)" \
    "a clone: DVC, which runs the pipeline, asks for one" \
    "$PWD" \
    "clone the repository instead; or make one here: git init && git add . && git commit -m start; or do without: printf '[core]\\n    no_scm = true\\n' >> .dvc/config.local. make verify and make test need none of this"
}

may_install() {
  command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

install() { # packages, by their Debian names
  local sudo=()
  if [ "$(id -u)" != 0 ]; then sudo=(sudo -n); fi
  echo "Installing $* with apt-get"
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@"
}

browser() {
  { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null &&
    command -v chromedriver >/dev/null && return
  if may_install && install chromium chromium-driver; then return; fi
  echo "No Chromium with chromedriver, and none can be installed here: the tests of pages in a browser are skipped." >&2
  echo "To run them: apt-get install chromium chromium-driver (Debian), or any Chrome with its chromedriver on the PATH." >&2
}

system() {
  local python=$1 missing=() # packages, by their Debian names
  command -v "$python" >/dev/null || refuse "no program $python" "Python 3.11 or newer" "the PATH" \
    "install Python, or name it: make PYTHON=/path/to/python3.11 ..."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || refuse "$("$python" --version)" \
    "Python 3.11 or newer" "$(command -v "$python")" "make PYTHON=/path/to/python3.11 ..."
  command -v git >/dev/null || missing+=(git)
  command -v tesseract >/dev/null || missing+=(tesseract-ocr)
  "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  [ ${#missing[@]} = 0 ] && return

  if may_install; then
    install "${missing[@]}"
    return
  fi
  local advice
  case "$(uname -s)" in
    Darwin) advice="brew install git tesseract python@3.12; then run make again" ;;
    Linux) advice="install ${missing[*]} with your package manager as an administrator (Debian, Ubuntu: apt-get install ${missing[*]}), or ask for it; conda-forge offers tesseract without root; then run make again" ;;
    *) advice="on Windows use WSL with Debian or Ubuntu, then run make again there" ;;
  esac
  refuse "no ${missing[*]}" "git, tesseract 4 or newer with English data, Python with venv" \
    "this system ($(uname -s)), on the PATH" "$advice"
}

"$@"
