"""Finds or fetches real programs: `python -m ari_app.runtime fetch asterisk espeak-ng`.

Standard library only. A program that the machine has and that is good enough is taken as it is.
"""

import argparse
import sys
from collections.abc import Sequence

from ari_app.runtime.errors import RuntimeFault
from ari_app.runtime.programs import FINDERS, present
from ari_app.runtime.progress import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: 0 when all named programs are here, 1 after a message, 130 at Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m ari_app.runtime", description=__doc__)
    parser.add_argument("command", choices=["fetch"])
    parser.add_argument("names", nargs="+", choices=sorted(FINDERS), metavar="NAME")
    options = parser.parse_args(arguments)
    progress = Progress()
    try:
        for name in options.names:
            if present(name) is None:
                FINDERS[name](progress)
    except RuntimeFault as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
