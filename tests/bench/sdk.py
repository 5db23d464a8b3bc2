"""The same work by the official Python SDK, as its documentation shows it; 50 threads where many are at once.

    sdk.py post BASE FILE THREADS
    sdk.py pages BASE COUNT [all]
    sdk.py files BASE FILE COUNT THREADS

Prints the seconds by the clock and of CPU that the work itself took: what importing takes is not counted.
"""

import itertools
import json
import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from scaleapi import ScaleClient
from scaleapi.tasks import TaskType

logging.disable(logging.CRITICAL)
what, base, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
client = ScaleClient("live_bench", api_instance_url=base + "/v1", verify=os.environ.get("BENCH_CA"))


def post(file, threads):
    def create(line):
        assert client.create_task(TaskType.ImageAnnotation, **json.loads(line)).id

    with open(file, encoding="utf-8") as lines, ThreadPoolExecutor(int(threads)) as pool:
        for _ in pool.map(create, lines):
            pass


def pages(count, everything=None):
    seen = 0
    for task in itertools.islice(client.get_tasks(project_name="bench"), int(count)):
        read = task.as_dict() if everything else task
        seen += (read["status"] if everything else read.status) == "completed"
    assert seen == int(count), seen


def files(file, count, threads):
    def upload(_):
        with open(file, "rb") as opened:
            client.upload_file(file=opened, project_name="bench")

    with ThreadPoolExecutor(int(threads)) as pool:
        for _ in pool.map(upload, range(int(count))):
            pass


wall, cpu = time.perf_counter(), time.process_time()
{"post": post, "pages": pages, "files": files}[what](*rest)
print("%.6f %.6f" % (time.perf_counter() - wall, time.process_time() - cpu))
