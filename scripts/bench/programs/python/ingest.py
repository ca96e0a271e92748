"""The benchmark's module in Python."""

import csv
import io
import json
import sys

reader = csv.reader(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline=""))
columns = next(reader)
records = 0
encode = json.JSONEncoder(ensure_ascii=False).encode
write = sys.stdout.write
for record in reader:
    records += 1
    write(encode({"rows": {"strikes": dict(zip(columns, record))}}) + "\n")
write(encode({"end": records}) + "\n")
