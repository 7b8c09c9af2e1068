#!/usr/bin/env bash
# Check what the system must offer, and install it where that is allowed.
# Usage: setup.sh system PYTHON   - Python with venv, tesseract, git
#        setup.sh environment PYTHON VENV [cpu]  - the Python packages, in a new environment; cpu: torch without CUDA
#        setup.sh repository      - a git repository, which DVC needs to run the pipeline
#        setup.sh browser         - Chromium and its driver, for the tests of pages; without them these tests are skipped
set -euo pipefail
CPU_INDEX=${CPU_INDEX:-} # of builds of torch without CUDA, for those who have no uv or use a mirror

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

packages() { # the environment's Python, then arguments of pip install
  if command -v uv >/dev/null; then
    uv pip install --python "$@" && return
    echo "uv could not install them; pip tries again" >&2
  fi
  "$1" -m pip install --progress-bar on "${@:2}"
}

cpu_torch() { # the environment's Python, then arguments of pip install
  if [ -n "$CPU_INDEX" ]; then
    packages "$1" --index-url "$CPU_INDEX" "${@:2}"
  else
    command -v uv >/dev/null && uv pip install --python "$1" --torch-backend cpu "${@:2}"
  fi
}

environment() {
  local python=$1 inside=$2/bin/python torch=${3:-} size="7 GB"
  case "$torch" in
    "") ;;
    cpu) size="2.2 GB" ;;
    *) refuse "TORCH=$torch" "TORCH=cpu, or nothing for the default build with CUDA" "make setup" "make setup TORCH=cpu" ;;
  esac
  echo "Step 1 of 2: new environment in $2"
  "$python" -m venv "$2"
  echo "Step 2 of 2: packages, $size on disk; about 2 minutes in all, and longer on a slow connection"
  # The CPU build goes in alone and first: from several indexes at once, the CUDA build might be chosen silently.
  if [ "$torch" = cpu ] && ! {
    cpu_torch "$inside" --no-deps --constraint constraints.txt torch torchvision &&
      "$inside" -c 'from importlib.metadata import requires; exit(any("nvidia" in name for name in requires("torch")))'
  }; then
    refuse "no build of torch without CUDA in the version that constraints.txt names" "one that uv or CPU_INDEX can get" \
      "uv: $(command -v uv || echo "not installed"); CPU_INDEX: ${CPU_INDEX:-not given}" \
      "make setup without TORCH=cpu: the default build needs no GPU either; or install uv, which knows PyTorch's index of CPU builds; or name that index: make setup TORCH=cpu CPU_INDEX=ADDRESS"
  fi
  packages "$inside" --constraint constraints.txt --editable '.[dev]'
}

"$@"
