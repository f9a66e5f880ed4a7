package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/itchyny/gojq"
)

// jq is as much of the program of that name as the cookbook needs: jq [-r] [-s] FILTER
// [FILE...], so that its test does not depend on what is installed.
func jq() {
	flags, args := "", os.Args[1:]
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flags, args = flags+args[0][1:], args[1:]
	}
	if err := filter(args[0], args[1:], strings.Contains(flags, "r"), strings.Contains(flags, "s")); err != nil {
		fmt.Fprintln(os.Stderr, "jq:", err)
		os.Exit(5)
	}
}

func filter(program string, files []string, raw, slurp bool) error {
	query, err := gojq.Parse(program)
	if err != nil {
		return err
	}
	values, err := readValues(files)
	if err != nil {
		return err
	}
	if slurp {
		values = []any{values}
	}
	for _, v := range values {
		results := query.Run(v)
		for {
			r, more := results.Next()
			if !more {
				break
			}
			if err, failed := r.(error); failed {
				return err
			}
			if err := printValue(r, raw); err != nil {
				return err
			}
		}
	}
	return nil
}

func printValue(v any, raw bool) error {
	if s, ok := v.(string); ok && raw {
		fmt.Println(s)
		return nil
	}
	text, err := gojq.Marshal(v)
	fmt.Println(string(text))
	return err
}

// readValues reads every JSON value of the files, without any of standard input.
func readValues(files []string) ([]any, error) {
	readers := []io.Reader{os.Stdin}
	if len(files) > 0 {
		readers = nil
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		readers = append(readers, f)
	}
	var values []any
	d := json.NewDecoder(io.MultiReader(readers...))
	for {
		var v any
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF):
			return values, nil
		case err != nil:
			return nil, err
		}
		values = append(values, v)
	}
}
