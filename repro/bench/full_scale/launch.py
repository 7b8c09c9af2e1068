"""Run a command and write its time and memory: ``python launch.py RESULT COMMAND...``.

A process begins with its parent's peak of memory, so this process in between imports next to nothing.
"""

import json
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    result, *command = sys.argv[1:]
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    spent = {
        "seconds": time.perf_counter() - began,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
    }
    Path(result).write_text(json.dumps(spent), encoding="utf-8")
    sys.exit(abs(os.waitstatus_to_exitcode(status)))
