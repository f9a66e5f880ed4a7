package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// commands are those of the scripts beside testscript's own.
var commands = map[string]func(*testscript.TestScript, bool, []string){
	"exits":       exits,
	"mkfifo":      mkfifo,
	"firstbytes":  firstBytes,
	"turned":      turned,
	"same":        same,
	"drawclasses": drawClasses,
}

// exits CODE PROGRAM [ARG...] runs a program that must end with CODE.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want := number(ts, args[0])
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// mkfifo PATH... makes named pipes.
func mkfifo(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ts.Check(makePipe(ts.MkAbs(name)))
	}
}

// firstbytes N FROM TO copies the first N bytes of a file.
func firstBytes(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[1]))
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data[:number(ts, args[0])], 0o666))
}

// turned N FROM TO copies a JPEG and gives it EXIF data with orientation N.
func turned(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[1]))
	tiff := "MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(number(ts, args[0]))) + "\x00\x00\x00\x00\x00\x00"
	segment := "Exif\x00\x00" + tiff
	head := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(segment) + 2)}, segment...)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), append(head, data[2:]...), 0o666))
}

// same ARRAY LINES holds a JSON array against its elements one a line.
func same(ts *testscript.TestScript, _ bool, args []string) {
	var array, lines []any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &array))
	d := json.NewDecoder(bytes.NewReader([]byte(ts.ReadFile(args[1]))))
	for d.More() {
		var v any
		ts.Check(d.Decode(&v))
		lines = append(lines, v)
	}
	if diff := cmp.Diff(lines, array); diff != "" || len(lines) != strings.Count(ts.ReadFile(args[1]), "\n") {
		ts.Fatalf("(-lines +array):\n%s", diff)
	}
}

func number(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}
