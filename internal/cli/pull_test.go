package cli

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPullFlags(t *testing.T) {
	var got PullOptions
	s := Streams{Out: io.Discard, Err: io.Discard}
	cmd := newPullCmd(s, func(_ context.Context, _ Streams, o PullOptions) error { got = o; return nil })
	cmd.SetArgs([]string{"b0", "v2-s@keras", "--mirror", "https://m.example/x", "--offline", "--force", "--timeout", "5s", "--retries", "0", "-q"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	want := PullOptions{
		Names: []string{"b0", "v2-s@keras"}, Mirror: "https://m.example/x", Offline: true, Force: true,
		Timeout: 5 * time.Second, Quiet: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConvertFlags(t *testing.T) {
	var got ConvertOptions
	s := Streams{Out: io.Discard, Err: io.Discard}
	cmd := newConvertCmd(s, func(_ context.Context, _ Streams, o ConvertOptions) error { got = o; return nil })
	cmd.SetArgs([]string{"in.pth", "out.safetensors", "--variant", "b2", "--profile", "padding=same", "--labels", "l.txt", "--name", "n", "--license", "MIT"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	want := ConvertOptions{
		In: "in.pth", Out: "out.safetensors", Variant: "b2", Profile: "padding=same", Labels: "l.txt", Name: "n", License: "MIT",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
