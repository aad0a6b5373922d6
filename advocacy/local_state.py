"""The checkout's local state: private files, and locks that end with their process. Standard library only."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def local_dir() -> Path:
    """The folder of this checkout's local state: RECOURSE_LOCAL_DIR, else `.local` in the checkout."""
    return Path(os.environ.get("RECOURSE_LOCAL_DIR", CHECKOUT / ".local")).resolve()


def private_dir(path: Path) -> Path:
    """Make the folder (with its parents), readable by its owner only."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write the file whole or not at all, 0600 from its first byte."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def hold(path: Path) -> int | None:
    """Take the lock file without waiting. Returns a descriptor, or None when another process has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Wait for the lock file and hold it for the block."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def dies_with_parent(number: int) -> Callable[[], None]:
    """A preexec_fn: the kernel sends the child this signal when its parent is gone, however it went."""
    parent = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is not None:
            libc.prctl(1, number)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    return ask


class Make:
    """The `make` that started this process, if one did. A signal sent to make alone is not passed on by it: make only
    stops catching it and waits for its child. `has_given_up()` says so, or that make is gone (Linux only).
    """

    def __init__(self) -> None:
        self.pid = os.getppid()
        with contextlib.suppress(OSError):
            if Path(f"/proc/{self.pid}/comm").read_text().strip() not in {"make", "gmake"}:
                self.pid = 0
        self.caught = self._caught()

    def has_given_up(self) -> bool:
        if not self.caught:
            return False
        return os.getppid() != self.pid or self._caught() & self.caught != self.caught

    def _caught(self) -> int:
        """The mask of signals that make handles."""
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
            mask = int(next(line for line in lines if line.startswith("SigCgt:")).split()[1], 16)
            return mask & sum(1 << (number - 1) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM))
        return 0
