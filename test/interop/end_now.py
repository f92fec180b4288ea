"""Ends the process as it is: threads of an engine may abort it while the interpreter takes itself down, after
all was told. Those of deltalake 1.6 do, one time of six."""

import os
import sys


def end_now(status):
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
