"""Ctrl-C and SIGTERM as a wish for an orderly end."""

import asyncio
import signal


def stop_on_signals() -> asyncio.Event:
    """An event that the first signal sets; a second one cancels the calling task at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()

    def asked() -> None:
        if stop.is_set() and main is not None:
            main.cancel()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    return stop
