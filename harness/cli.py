"""The start of the program: words in, an exit code out, and one line where something is wrong.

What can fail is imported inside ``carry_out``, the commands too: an import that fails is then told in one line.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    sys.exit(carry_out())


def carry_out() -> int:
    """Do what the command line says, turn whatever goes wrong into one line, and return the exit code."""
    import traceback

    import typer

    from harness.command_line import app
    from harness.commands.interruption import ended_in_order
    from harness.errors import ExitCode, HarnessError

    told, code = "", ExitCode.PASS
    try:
        with ended_in_order():
            code = app(sys.argv[1:] or ["--help"], standalone_mode=False) or ExitCode.PASS
    except HarnessError as error:
        told, code = str(error), error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    except typer.TyperException as error:
        wrong = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        told, code = f"{wrong.rstrip('.')}. Say 'twinbench --help'.", ExitCode.USAGE
    except Exception:  # noqa: BLE001 - a bug of ours: the trace is for whoever fixes it
        traceback.print_exc()
        told, code = "this is a bug of twinbench. Please report it with the lines above.", ExitCode.HARNESS
    if code == ExitCode.INTERRUPTED:  # which Typer makes of Ctrl-C itself
        told = "interrupted. Everything that it started has been ended."
    if told:
        from rich.console import Console

        style = "yellow" if code == ExitCode.INTERRUPTED else "red"
        text = f"twinbench: {told}"
        Console(stderr=True).print(text, style=style, markup=False, highlight=False, soft_wrap=True)
    return code


if __name__ == "__main__":
    main()
