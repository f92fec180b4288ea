"""What the Azure Machine Learning SDK's collect costs, per frame; started by python-sdk.bench.ts."""

import json
import sys
import time

import pandas
from azureml.ai.monitoring import Collector

rows, columns, calls = (int(argument) for argument in sys.argv[1:4])

pattern = "dddsddsddsddsddsdsbu"
values = {
    "d": lambda row, column: (row + 1) * 0.37 / (column + 1),
    "s": lambda row, column: f"category {(row * 31 + column) % 100}",
    "b": lambda row, column: row % 3 == 0,
    "u": lambda row, column: f"{row:08x}-0000-4000-8000-{column:012x}",
}
frame = pandas.DataFrame(
    {
        f"c{column}": [values[pattern[column % 20]](row, column) for row in range(rows)]
        for column in range(columns)
    }
)
errors = []
collector = Collector(name="model_inputs", on_error=errors.append)


def measure(count, call):
    """One call after the other, slow enough for its queue of 1,500 frames: sorted times, and CPU of all threads, per call, in µs."""
    durations = []
    cpu = time.process_time()
    for _ in range(count):
        start = time.perf_counter()
        call()
        durations.append((time.perf_counter() - start) * 1e6)
        time.sleep(0.002)
    # What the queue still holds is sent meanwhile.
    time.sleep(0.5)
    return sorted(durations), (time.process_time() - cpu) / count * 1e6


measure(max(1, calls // 10), lambda: collector.collect(frame))
_, idle = measure(calls, lambda: None)
durations, cpu = measure(calls, lambda: collector.collect(frame))
if errors:
    raise errors[0]
p50, p99 = (durations[int(len(durations) * share)] for share in (0.5, 0.99))
print(json.dumps({"p50": p50, "p99": p99, "cpu": cpu - idle}))
