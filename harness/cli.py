"""The start of the program: words in, an exit code out, and one line where something is wrong.

What can fail is imported inside ``carry_out``, the commands too: an import that fails is then told in one line.
"""

from __future__ import annotations

import gc
import sys

from harness import shell

# Nearly all objects that imports make stay: to look for garbage among each 700 of them, as usual, was a fifteenth of
# the processor time of ``twinbench list``.
NEW_OBJECTS = 50_000


def main() -> None:
    """Run the command line, shielded from what the shell carries."""
    shell.shield()
    gc.set_threshold(NEW_OBJECTS)
    try:
        from harness import output

        output.guard()
        code = carry_out()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - even what this module imports may not be what it should
        code = _end(error)
    except KeyboardInterrupt:  # before anything could be started
        code = _tell("interrupted.", 130)
    sys.exit(code)


def carry_out() -> int:
    """Do what the command line says, turn whatever goes wrong into one line, and return the exit code."""
    import typer

    from harness import premises
    from harness.command_line import app
    from harness.commands.interruption import ended_in_order
    from harness.errors import ExitCode, HarnessError

    try:
        premises.require(sys.argv[1:])
        with ended_in_order():
            code = app(sys.argv[1:] or ["--help"], standalone_mode=False) or ExitCode.PASS
            sys.stdout.flush()
    except HarnessError as error:
        return _tell(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    except typer.TyperException as error:
        wrong = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        return _tell(f"{wrong.rstrip('.')}. Say 'twinbench --help'.", ExitCode.USAGE)
    except Exception as error:  # noqa: BLE001 - whatever else it is
        if _came_of_interruption(error):
            code = ExitCode.INTERRUPTED
        elif short := premises.shortage(error):
            return _tell(f"{short}. Say 'ulimit -a' and 'df' to see what is limited, and try again.", ExitCode.HARNESS)
        else:
            return _end(error)
    if code == ExitCode.INTERRUPTED:  # which Typer makes of Ctrl-C itself
        return _tell("interrupted. Everything that it started has been ended.", code)
    return int(code)


def _came_of_interruption(error: BaseException | None) -> bool:
    """Say whether an error came of Ctrl-C, as Python 3.11 makes another of it where a class is made."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__
    return error is not None


def _end(error: BaseException) -> int:
    """Tell an error that nobody expected: a file in the place of another module, or a bug of ours."""
    if file := shell.fault_of_path(error):
        what = f"{file} is imported in the place of another module: {type(error).__name__}: {error}"
        return _tell(f"{what}. Rename it, or take its folder off PYTHONPATH.", 2)  # as ExitCode may be just that
    import traceback

    traceback.print_exception(error)  # for whoever fixes it
    return _tell("this is a bug of twinbench. Please report it with the lines above.", 4)


def _tell(told: str, code: int) -> int:
    """Print a line of ours on standard error, in a colour where that is a terminal's, and return the exit code."""
    text = f"twinbench: {' '.join(told.splitlines())}"
    try:
        from harness.errors import ExitCode
        from harness.printable import printable
        from harness.terminal import Terminal
    except BaseException:  # noqa: BLE001 - what is told may be just that
        sys.stderr.write(f"{text}\n")
        return code
    style = "yellow" if code == ExitCode.INTERRUPTED else "red"
    Terminal(stderr=True).print(printable(text), style=style, soft_wrap=True)
    return code


if __name__ == "__main__":
    main()
