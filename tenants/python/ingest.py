"""Readings of weather stations: CSV on standard input, results on standard output."""

import csv
import io
import json
import sys


def result(record, line):
    """Returns the row of a record, or the reason why it is rejected."""
    if not record["station"]:
        return {"reject": "no station", "column": "station", "line": line}
    return {
        "rows": {
            "readings": {
                "station": record["station"],
                "day": record["day"],
                "id": {"$rowId": True},
                "value": record["value"],
            }
        },
        "line": line,
    }


def main():
    text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="")
    reader = csv.DictReader(text)
    records = 0
    for record in reader:
        records += 1
        print(json.dumps(result(record, reader.line_num)))
    print(json.dumps({"end": records}))


main()
