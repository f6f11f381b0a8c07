"""What no shielding can give: looked at once, before anything is started."""

from __future__ import annotations

import errno
import os
import resource
import tempfile
import unicodedata
from collections.abc import Sequence

from harness.errors import HarnessError, UsageError

# Of each limit that a shell may set: what it is of, the option of ulimit, and the least that all commands work with.
LEAST = {
    resource.RLIMIT_AS: ("address space of a process, in bytes,", "-v", 3 * 2**30),
    resource.RLIMIT_DATA: ("data of a process, in bytes,", "-d", 3 * 2**30),
    resource.RLIMIT_NPROC: ("number of processes", "-u", 256),
    resource.RLIMIT_NOFILE: ("number of open files", "-n", 256),
    resource.RLIMIT_FSIZE: ("size of a file, in bytes,", "-f", 2**30),
    resource.RLIMIT_STACK: ("stack of a process, in bytes,", "-s", 2**20),  # and of each of its threads
    resource.RLIMIT_CPU: ("processor time of a process, in seconds,", "-t", 3600),
}
# What the system says where there is no more of something.
SHORTAGES = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EFBIG}


def require(words: Sequence[str]) -> None:
    """Look at the words of the command line, at the folders that every command needs, and at the limits.

    Raises:
        UsageError: A word is no text, or the current folder is gone.
        HarnessError: There is no temporary folder, or a limit is too low.
    """
    for word in words:
        if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in word):  # a lone surrogate stands for a byte
            raise UsageError(f"{word!a} has a control character, or a byte that is no UTF-8", "Say it without that")
    try:
        os.getcwd()  # noqa: PTH109 - only whether it is there
    except OSError as error:
        raise UsageError(f"The current folder can't be used: {error.strerror}", "Change to another") from error
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise HarnessError(f"Temporary files can be made nowhere: {error}", "Set TMPDIR to a folder") from error
    for limit, (of_what, option, least) in LEAST.items():
        allowed, _ = resource.getrlimit(limit)
        if allowed != resource.RLIM_INFINITY and allowed < least:
            raise HarnessError(
                f"The {of_what} is limited to {allowed}, and twinbench needs {least}",
                f"Say 'ulimit {option} unlimited', or as much as there is, and try again",
            )


def shortage(error: BaseException) -> str:
    """Return what the machine has no more of, if that is what an error says; or ""."""
    if isinstance(error, MemoryError):
        return "There is no memory left"
    if isinstance(error, OSError) and error.errno in SHORTAGES:
        return f"The machine has no more to give: {error}"
    if "start new thread" in str(error) or os.strerror(errno.ENOMEM) in str(error):
        return f"The machine has no more to give: {error}"
    return ""
