package licenses

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestTextIsTheProjectsOwnFirst(t *testing.T) {
	text := Text()
	for i, name := range []string{"NOTICE", "LICENSE"} {
		file, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		file = bytes.ReplaceAll(file, []byte("\r\n"), []byte("\n"))
		head := "==== " + name + " ====\n\n" + string(file) + "\n"
		if !strings.HasPrefix(text, head) {
			t.Fatalf("text %d is not the project's %s; go generate ./internal/licenses brings it up to date", i, name)
		}
		text = text[len(head):]
	}
}

func TestTextNamesEverythingInside(t *testing.T) {
	text := Text()
	for _, want := range []string{
		"==== Go ====", "The Go Authors",
		"==== github.com/spf13/cobra ====",
		"==== github.com/inconshreveable/mousetrap ====", // windows alone
		"==== golang.org/x/image ====",
		"Copyright (c) 2020, ML Illustrated",
		"WordNet 3.0 Copyright 2006 by Princeton University",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}
