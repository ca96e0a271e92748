// Readings of weather stations: CSV on standard input, results on standard output.
//
//	GOOS=wasip1 GOARCH=wasm go build -o ingest.wasm
package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
)

type reading struct {
	Station string `json:"station"`
	Day     string `json:"day"`
	ID      rowID  `json:"id"`
	Value   string `json:"value"`
}

// rowID asks the platform for an id derived from the file and the line.
type rowID struct {
	RowID bool `json:"$rowId"`
}

type result struct {
	Rows   map[string]reading `json:"rows,omitempty"`
	Reject string             `json:"reject,omitempty"`
	Column string             `json:"column,omitempty"`
	Line   int                `json:"line"`
}

func resultOf(record []string, line int) result {
	if record[0] == "" {
		return result{Reject: "no station", Column: "station", Line: line}
	}
	row := reading{Station: record[0], Day: record[1], ID: rowID{true}, Value: record[2]}
	return result{Rows: map[string]reading{"readings": row}, Line: line}
}

func main() {
	log.SetFlags(0)
	in := csv.NewReader(bufio.NewReader(os.Stdin))
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	lines := json.NewEncoder(out)
	if _, err := in.Read(); err != nil {
		log.Fatal("no header: ", err)
	}
	records := 0
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		records++
		line, _ := in.FieldPos(0)
		if err := lines.Encode(resultOf(record, line)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Encode(map[string]int{"end": records}); err != nil {
		log.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
