"""A peer for loading Cassandra: one prepared INSERT after the other, each waited for.

Arguments: address, user, password, table, CSV file, maximum number of rows.
Prints the seconds of the loop alone: without the interpreter's start and the connection.
"""

import csv
import datetime
import sys
import time
import uuid

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster, ExecutionProfile, EXEC_PROFILE_DEFAULT
from cassandra.policies import DCAwareRoundRobinPolicy

address, user, password, table, csv_path, most = sys.argv[1:]
profile = ExecutionProfile(
    load_balancing_policy=DCAwareRoundRobinPolicy(local_dc="datacenter1"),
    consistency_level=ConsistencyLevel.LOCAL_QUORUM,
)
cluster = Cluster(
    [address],
    auth_provider=PlainTextAuthProvider(user, password),
    execution_profiles={EXEC_PROFILE_DEFAULT: profile},
    protocol_version=4,
)
session = cluster.connect()

with open(csv_path, newline="", encoding="utf-8") as file:
    reader = csv.reader(file)
    columns = next(reader)
    marks = ",".join("?" * len(columns))
    insert = session.prepare(f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})")
    kinds = {"id": uuid.UUID, "at": datetime.date.fromisoformat, "cost": float}
    kinds |= {"speed": int, "height": int}
    converters = [kinds.get(column, str) for column in columns]
    begun = time.perf_counter()
    for number, row in enumerate(reader):
        if number == int(most):
            break
        session.execute(insert, [convert(text) for convert, text in zip(converters, row)])
    print(time.perf_counter() - begun)
cluster.shutdown()
