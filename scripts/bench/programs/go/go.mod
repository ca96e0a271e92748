module ingest

go 1.21
