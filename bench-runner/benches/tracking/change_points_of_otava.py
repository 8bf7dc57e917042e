"""Change points that Apache Otava finds in generated series (PyPI: apache-otava 0.8 or later).

    python change_points_of_otava.py DIR

reads each DIR/*.csv, a series of ratios a line, and writes DIR/*.otava.json: for each series the indices of its change
points, with Otava's own settings (window of 50, p < 0.001, no least magnitude), and the seconds of CPU time that finding them took.
"""

import json
import pathlib
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from otava.analysis import compute_change_points


def judge(path):
    found, seconds = [], 0.0
    for line in path.read_text().splitlines():
        series = [float(value) for value in line.split(",")]
        begun = time.process_time()
        points, _ = compute_change_points(series, window_len=50, max_pvalue=0.001, min_magnitude=0.0)
        seconds += time.process_time() - begun
        found.append(sorted(int(point.index) for point in points))
    path.with_suffix(".otava.json").write_text(json.dumps({"found": found, "seconds": seconds}))
    return path.name


if __name__ == "__main__":
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.csv"))
    with ProcessPoolExecutor(2) as pool:
        for name in pool.map(judge, files):
            print(name, flush=True)
