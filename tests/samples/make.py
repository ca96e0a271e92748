"""Makes the files of this folder from NOAA's weather in Seattle, as other programs write them.

pip install openpyxl fastavro cramjam pyarrow
python3 make.py ../../node_modules/vega-datasets/data/seattle-weather.csv
"""

import csv
import datetime
import sys
from decimal import Decimal

import fastavro
import openpyxl
import pyarrow
import pyarrow.parquet

ROWS = 200
with open(sys.argv[1], newline="") as file:
    days = list(csv.DictReader(file))[:ROWS]
for day in days:
    day["date"] = datetime.date.fromisoformat(day["date"])
    for name in ("precipitation", "temp_max", "temp_min", "wind"):
        day[name] = float(day[name])


def workbook():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Weather"
    sheet.append(list(days[0]))
    for day in days:
        sheet.append(list(day.values()))
    notes = book.create_sheet("Notes")
    notes.append([None, None])
    notes.append(["text", "value", "checked"])
    notes.append(["Grüße, 世界", 1.5, True])
    notes.append([None, None, None])
    notes.append(["formula", "=1+1", False])
    notes.append(["too wide", 2, True, "extra"])
    book.create_sheet("Twice").append(["a", "a"])
    book.save("weather.xlsx")


def avro(codec):
    schema = {
        "type": "record",
        "name": "Day",
        "namespace": "gov.noaa",
        "fields": [
            {"name": "date", "type": {"type": "int", "logicalType": "date"}},
            {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
            {"name": "opened", "type": {"type": "int", "logicalType": "time-millis"}},
            {"name": "temp_max", "type": ["null", "double"]},
            {
                "name": "wind",
                "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2},
            },
            {
                "name": "weather",
                "type": {
                    "type": "enum",
                    "name": "Kind",
                    "symbols": ["drizzle", "rain", "sun", "snow", "fog"],
                },
            },
            {"name": "count", "type": "long"},
            {"name": "tags", "type": {"type": "map", "values": {"type": "array", "items": "int"}}},
        ],
    }
    records = [
        {
            "date": day["date"],
            "at": datetime.datetime.combine(
                day["date"], datetime.time(12, 30, 1, 500), datetime.timezone.utc
            )
            if n % 2
            else None,
            "opened": datetime.time(8, 5, 0, 7000),
            "temp_max": day["temp_max"] if n % 3 else None,
            "wind": Decimal(-123456789012345678) / 100 + n if n == 1 else Decimal(str(day["wind"])),
            "weather": day["weather"],
            "count": 2**53 + n,
            "tags": {"n": [n, n + 1]},
        }
        for n, day in enumerate(days)
    ]
    with open(f"weather-{codec}.avro", "wb") as file:
        fastavro.writer(file, schema, records, codec=codec, sync_interval=1000)


def parquet():
    numbers = range(len(days))
    table = pyarrow.table(
        {
            "date": [day["date"] for day in days],
            "weather": [day["weather"] for day in days],
            "temp_max": [day["temp_max"] if n % 3 else None for n, day in enumerate(days)],
            "count": pyarrow.array([2**53 + n for n in numbers], pyarrow.int64()),
            "wind": pyarrow.array(
                [Decimal(-123456789012345678901234) / 100 if n == 1 else Decimal(n) for n in numbers],
                pyarrow.decimal128(30, 2),
            ),
            "cents": pyarrow.array([Decimal(-n) / 100 for n in numbers], pyarrow.decimal128(9, 2)),
            "at": pyarrow.array(
                [datetime.datetime.combine(day["date"], datetime.time(12)) for day in days],
                pyarrow.timestamp("us"),
            ),
            "tags": [[n, n + 1] for n in numbers],
            "place": [{"city": "Seattle", "n": n} for n in numbers],
            "code": [bytes([n % 256, 255]) for n in numbers],
        }
    )
    for codec in ("snappy", "gzip", "zstd", "brotli", "lz4"):
        pyarrow.parquet.write_table(
            table, f"weather-{codec}.parquet", compression=codec, row_group_size=60
        )


workbook()
avro("deflate")
avro("snappy")
parquet()
