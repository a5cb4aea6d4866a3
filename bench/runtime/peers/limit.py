"""The limit: a loop over `session.run`, without a server.

Prints the runs a second, and the processor time of one in microseconds.
"""

import sys
from time import perf_counter, process_time

import numpy as np

from bench.runtime.peers.session import open_session


def main(path: str, tensor: str, seconds: float) -> None:
    """Run the model for so many seconds."""
    session = open_session(path)
    feed = {session.get_inputs()[0].name: np.load(tensor)}
    session.run(None, feed)
    runs, started, used = 0, perf_counter(), process_time()
    while (passed := perf_counter() - started) < seconds:
        for _ in range(10):
            session.run(None, feed)
        runs += 10
    print(runs / passed, (process_time() - used) / runs * 1e6)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
