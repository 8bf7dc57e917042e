"""Reads and summarizes the samples of many bundles with polars or DuckDB, like `benches/reading.rs`.

    python reading_elsewhere.py polars|duckdb RESULTS TIMES

prints the seconds that reading and grouping took, TIMES times over, without starting Python. For each block, variant and
role it gives count, median, mean, standard deviation, smallest and largest wall time.
"""

import sys
import time

program, results, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
files = f"{results}/*/*/samples.csv"
keys = ["run", "block", "variant", "role"]

if program == "polars":
    import polars as pl

    def sum_up():
        wall = pl.col("wall_ns")
        rows = pl.scan_csv(files, include_file_paths="run").filter(pl.col("phase") == "measured", pl.col("status") == "ok")
        return rows.group_by(keys).agg(
            pl.len(), wall.median().alias("median"), wall.mean().alias("mean"), wall.std().alias("sd"),
            wall.min().alias("min"), wall.max().alias("max"),
        ).collect().height
else:
    import duckdb

    def sum_up():
        query = f"""
            SELECT filename AS run, block, variant, role, count(*), median(wall_ns), avg(wall_ns), stddev(wall_ns),
                   min(wall_ns), max(wall_ns)
            FROM read_csv('{files}', filename = true)
            WHERE phase = 'measured' AND status = 'ok' GROUP BY ALL"""
        return len(duckdb.sql(query).fetchall())

rows = 0
started = time.perf_counter()
for _ in range(times):
    rows = sum_up()
seconds = time.perf_counter() - started
print(seconds, rows)
