// A program for the tests: the first line of its file selects what it does.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"net"
	"os"
	"strings"
	"time"
)

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	what, _ := in.ReadString('\n')
	switch strings.TrimSpace(what) {
	case "copy":
		copyLines(in, out)
	case "exit":
		fmt.Fprintln(os.Stderr, "about to fail")
		fmt.Fprintln(out, `{"rows":{"t":{"id":{"$rowId":true}}}}`)
		out.Flush()
		os.Exit(3)
	case "panic":
		panic("on purpose")
	case "loop":
		for i := 0; ; i++ {
			_ = i
		}
	case "memory":
		all := [][]byte{}
		for {
			block := make([]byte, 1<<24)
			for i := range block {
				block[i] = 1
			}
			all = append(all, block)
		}
	case "no end":
		fmt.Fprintln(out, `{"skip":1}`)
	case "count":
		fmt.Fprintf(out, "{\"skip\":1}\n{\"end\":2}\n")
	case "garbage":
		out.Write([]byte{0xff, 0xfe, 0, 4, 0, 0, 0, 0, '\n'})
	case "long":
		for {
			fmt.Fprint(out, strings.Repeat("x", 1<<16))
		}
	case "flood":
		for {
			fmt.Fprintln(out, `{"rows":{"t":{"id":{"$rowId":true},"a":"`+strings.Repeat("x", 1000)+`"}}}`)
		}
	case "chatter":
		for i := 0; i < 500; i++ {
			fmt.Fprintln(os.Stderr, "line", i)
		}
		fmt.Fprintln(out, `{"end":0}`)
	case "look":
		look(out)
	}
	out.Flush()
}

// copyLines writes each line of the file as a row. It has one line in memory at a time, but creates a
// lot of garbage.
func copyLines(in *bufio.Reader, out *bufio.Writer) {
	lines := json.NewEncoder(out)
	records := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break
		}
		records++
		row := map[string]any{"id": map[string]any{"$rowId": true}, "a": strings.TrimSpace(line)}
		lines.Encode(map[string]any{"rows": map[string]any{"t": row}})
	}
	fmt.Fprintf(out, "{\"end\":%d}\n", records)
}

// look rejects a record for each thing that it managed to do.
func look(out *bufio.Writer) {
	records := 0
	found := func(what string, value any, err error) {
		if err == nil {
			records++
			fmt.Fprintf(out, "{\"reject\":%q,\"raw\":%q}\n", what, fmt.Sprint(value))
		}
	}
	for _, path := range []string{"/etc/passwd", "/", ".", "/proc/self/environ"} {
		text, err := os.ReadFile(path)
		found("read "+path, string(text), err)
	}
	entries, err := os.ReadDir("/")
	found("list /", len(entries), err)
	found("write", 0, os.WriteFile("x", []byte("x"), 0o600))
	_, err = net.Dial("tcp", "127.0.0.1:22")
	found("dial", 0, err)
	found("environment", len(os.Environ()), map[bool]error{true: os.ErrNotExist}[len(os.Environ()) == 0])
	fmt.Fprintf(out, "{\"rows\":{\"t\":{\"id\":{\"$rowId\":true},\"a\":%q}}}\n",
		fmt.Sprint(os.Args[len(os.Args)-1], " ", time.Now().UTC(), " ", rand.Int()))
	fmt.Fprintf(out, "{\"end\":%d}\n", records+1)
}
