"""Collects frames with Azure's own Python SDK, from two threads, and ends the process when all are sent."""

import sys
import threading
import time

from azureml.ai.monitoring import Collector
from azureml.ai.monitoring.context import BasicCorrelationContext
from azureml.ai.monitoring.queue import get_queue


def send(frames):
    """Of each frame: the collection, the data, and id, time and headers of its context."""
    frames = list(frames)
    troubles = []
    collectors = {name: Collector(name=name, on_error=troubles.append) for name in {frame[0] for frame in frames}}

    def collect(half):
        for collection, data, id, timestamp, headers in frames[half::2]:
            context = BasicCorrelationContext(id=id, timestamp=timestamp, headers=headers)
            collectors[collection].collect(data, context)

    threads = [threading.Thread(target=collect, args=(half,)) for half in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # It has no flush: what is on its way is lost at the end.
    while get_queue().length() > 0:
        time.sleep(0.05)
    time.sleep(1)
    sys.exit("\n".join(str(trouble) for trouble in troubles) or 0)
