"""What of a shell's variables, and of its umask, reaches the program and all that it starts.

A shell carries variables that were meant for other programs: which server psql asks, by which proxy the world is
reached, how Python runs. Here they would send our own traffic elsewhere, or change what is measured. They are taken
out of this process's environment, and so of that of every process which it starts.

Nothing is imported but what Python has loaded when it starts: a module of ``PYTHONPATH`` may stand in for any other.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # that of typing, which is not loaded yet
if TYPE_CHECKING:
    from collections.abc import Mapping

# Beginnings of names, and whole names: what libraries and programs of ours read that was not meant for us.
FOREIGN = (
    *("PG", "PSYCOPG_"),  # libpq, asyncpg and psycopg: the URL says it all
    "PYTHON",  # the interpreter's switches: debugging makes it slower, and warnings may be errors
    *("LOCUST_", "GEVENT", "GREENLET_", "SSLKEYLOGFILE"),  # the load generator's
    *("UVICORN_", "GUNICORN_", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS"),  # the targets' server's
    *("SQLALCHEMY_", "DISABLE_SQLALCHEMY_", "ALEMBIC_", "PYDANTIC_"),
    *("MPL", "MATPLOTLIBRC", "NPY_", "NUMPY_", "SCIPY_", "PANDAS_", "NUMEXPR_", "ARROW_", "ACERO_"),  # of figures
    *("OMP_", "KMP_", "OPENBLAS_", "GOTOBLAS_", "MKL_", "BLIS_", "VECLIB_"),  # and numbers
    *("MIMALLOC_", "MALLOC_CONF", "JE_ARROW_"),  # of what Arrow takes its memory from
    *("TYPER_", "_TYPER_", "_TWINBENCH_"),
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"),  # of whoever calls us from a hook
    *("GOROOT", "GOOS", "GOARCH", "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT"),  # how Toxiproxy is built, and runs
    *("GOTRACEBACK", "GOCOVERDIR", "GORACE"),
    "TWINBENCH_",  # what we tell our own processes
)
KEPT = {
    *("PGUSER", "PGPASSWORD", "PGPASSFILE"),  # of a server of yours, where --postgres-url has none
    *("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONNOUSERSITE"),
    *("TWINBENCH_CACHE", "TWINBENCH_POSTGRES_URL"),  # what people tell us
}
LOOPBACK = "127.0.0.1,localhost,::1"
TEXT = {"PYTHONUTF8": "1"}  # whatever the locale: what we read and write is UTF-8


def shielded(carried: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what was meant for others, with loopback kept from proxies and text in UTF-8.

    Proxies stay: Go and pip may need one to fetch what Toxiproxy is built from.
    """
    kept = {name: value for name, value in carried.items() if name in KEPT or not name.startswith(FOREIGN)}
    for name in ("COLUMNS", "LINES"):  # of a terminal that tells no size, on which Rich would write nothing
        if not kept.get(name, "1").strip("0"):
            del kept[name]
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = f"{carried[name]},{LOOPBACK}" if carried.get(name) else LOOPBACK
    return {**kept, **TEXT}


def shield() -> None:
    """Shield this process; where its interpreter has begun under other variables, it begins again without them."""
    carried, clean = dict(os.environ), shielded(os.environ)
    switches = {name for name in carried.keys() - clean.keys() if name.startswith("PYTHON")}
    other_text = sys.getfilesystemencoding() != "utf-8" or getattr(sys.stdout, "encoding", "utf-8") != "utf-8"
    if switches or ((other_text or carried.get("PYTHONUTF8")) and carried.get("PYTHONUTF8") != "1"):
        os.execvpe(sys.orig_argv[0], sys.orig_argv, clean)  # noqa: S606 - ourselves once more
    os.environ.clear()
    os.environ.update(clean)
    os.umask(os.umask(0o077) & 0o077)  # what we make is ours to use


def fault_of_path(error: BaseException) -> str:
    """Return the file that an error came by, where it stands in for one of a library; or "".

    It lies on ``PYTHONPATH``, or in the current folder, where a workload of the user's is looked for.
    """
    files = [getattr(error, "filename", None), getattr(error, "path", None)]
    names: tuple[str, ...] = ()
    trace = error.__traceback__
    while trace is not None:
        files.append(trace.tb_frame.f_code.co_filename)
        names = trace.tb_frame.f_code.co_names
        trace = trace.tb_next
    if "null bytes" in str(error):  # of a file that Python does not name, nor keeps: one that was just imported
        unknown = [name for name in names if name not in sys.modules]
        files += [f"{place}{name.partition('.')[0]}.py" for name in unknown for place in _places()]
    if isinstance(error, (ImportError, AttributeError, TypeError)):  # as of a module that is not what it should be
        files += [getattr(module, "__file__", None) for module in [*sys.modules.values()]]
    return next((file for file in files if isinstance(file, str) and _stands_in(file)), "")


def _stands_in(file: str) -> bool:
    """Say whether a file is found by where it lies, and has the name of what would be found otherwise."""
    places = _places()
    elsewhere = [path for path in sys.path if os.path.join(os.path.abspath(path), "") not in places]
    for place in places:
        name = file.removeprefix(place).partition(os.sep)[0].removesuffix(".py")
        if file.startswith(place) and _is_module(os.path.join(place, name)):
            return name in sys.stdlib_module_names or any(_is_module(os.path.join(path, name)) for path in elsewhere)
    return False


def _places() -> list[str]:
    """Return the folders that modules are found in before the libraries, each with a slash at its end."""
    entries = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), os.curdir]
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return [os.path.join(path, "") for entry in entries if (path := os.path.abspath(entry)) != ours]


def _is_module(path: str) -> bool:
    """Say whether a module or a package is there; a folder without ``__init__`` stands in for neither."""
    return any(os.path.exists(f"{path}{end}") for end in (".py", f"{os.sep}__init__.py"))
