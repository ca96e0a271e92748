"""A peer for latency: one INSERT and one COMMIT for each row of a CSV file.

Arguments: database, CSV file, table, its CREATE TABLE statement, journal mode.
Prints the seconds of the loop alone: without the interpreter's start, the connection and the table.
"""

import csv
import sqlite3
import sys
import time

path, csv_path, table, create_table, journal = sys.argv[1:]
connection = sqlite3.connect(path)
if journal != "delete":
    connection.execute(f"PRAGMA journal_mode={journal}")
    connection.execute("PRAGMA synchronous=FULL")
connection.execute(create_table)
connection.commit()

with open(csv_path, newline="", encoding="utf-8") as file:
    reader = csv.reader(file)
    columns = next(reader)
    insert = f"INSERT INTO {table} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})"
    begun = time.perf_counter()
    for row in reader:
        connection.execute(insert, row)
        connection.commit()
    print(time.perf_counter() - begun)
connection.close()
