"""What a person types: one module a command, each with `add_arguments` and `run`; `main` is the program."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from featcolor.names import shown

STOPPED = "stopped; nothing is left half-written, and the same command starts again"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 128 and the signal's number after Ctrl-C and SIGTERM.

    Both are taken care of before anything else is loaded. They end the work through `finally`, and a command says how
    much is done, and how to go on, in the KeyboardInterrupt that it raises.
    """
    received: list[int] = []

    def stop(number: int, _: Any) -> NoReturn:
        received.append(number)
        raise KeyboardInterrupt

    def again(dropped: Any) -> None:
        # Python drops the exception in a finalizer and in a weak reference's callback, such as every import has.
        if not (received and issubclass(dropped.exc_type, KeyboardInterrupt)):
            hook(dropped)
            return
        number = received.pop()
        signal.signal(signal.SIGALRM, lambda *_: stop(number, None))
        signal.setitimer(signal.ITIMER_REAL, 0.1)

    before: dict[signal.Signals, Any] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            # In the background of a shell Ctrl-C is ignored, and stays so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop)
    except ValueError:
        pass  # Not the main thread: somebody else's program, which keeps its own handlers.
    hook, sys.unraisablehook = sys.unraisablehook, again
    try:
        from featcolor.commands.program import run

        return run(argv, received)
    except KeyboardInterrupt as error:
        # After a second one nobody knows what the first has not told.
        words = "stopped" if received[1:] else shown(str(error)) or STOPPED
        print("featcolor:", words, file=sys.stderr, flush=True)
        return 128 + (received[0] if received else signal.SIGINT)
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            # Of a program that ends there is nobody left who could answer a second one without a traceback.
            signal.signal(number, signal.SIG_DFL if argv is None else handler)
