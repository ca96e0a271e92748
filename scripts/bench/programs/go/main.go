// The benchmark's module in Go, to be built to WebAssembly.
package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"log"
	"os"
)

type strike struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	At       string `json:"at"`
	Airport  string `json:"airport"`
	Aircraft string `json:"aircraft"`
	Species  string `json:"species"`
	Speed    string `json:"speed"`
	Height   string `json:"height"`
	Cost     string `json:"cost"`
	Remark   string `json:"remark"`
}

type result struct {
	Rows map[string]strike `json:"rows"`
}

func main() {
	in := csv.NewReader(bufio.NewReaderSize(os.Stdin, 1<<18))
	in.ReuseRecord = true
	out := bufio.NewWriterSize(os.Stdout, 1<<18)
	lines := json.NewEncoder(out)
	if _, err := in.Read(); err != nil {
		log.Fatal(err)
	}
	records := 0
	for r, err := in.Read(); err == nil; r, err = in.Read() {
		records++
		row := strike{r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9]}
		if err := lines.Encode(result{map[string]strike{"strikes": row}}); err != nil {
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
