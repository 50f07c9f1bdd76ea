# shellcheck shell=bash
# Virtual environments for what is written in Python.

# The newest Django wants a newer Python than Debian's; another may be in PATH, or kept by pyenv.
newest_python() {
    local python version
    for python in python3 python3.1{2..9} "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
        version=$("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue
        printf '%s %s\n' "$version" "$python"
    done | sort --version-sort | tail -n 1 | cut -d ' ' -f 2
}

# python_environment FOLDER PYTHON ARGUMENT...: the arguments are pip's. It is made once.
python_environment() {
    local folder=$1 python=$2
    shift 2
    if ! "$folder/bin/python" -c '' 2>/dev/null; then
        rm -rf "$folder"
        "${python:=python3}" -c 'import ensurepip' 2>/dev/null || "$REPO/deploy/local/install" python3-venv
        "$python" -m venv "$folder"
    fi
    # An environment is made in seconds, and pip does nothing where all is there.
    "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
}
