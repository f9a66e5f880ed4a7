package main

import (
	"testing"
	"time"
)

func TestDate(t *testing.T) {
	for text, want := range map[string]string{
		"1709209831": "2024-02-29T12:30:31Z", "0": "", "-1": "", "99999999999": "", "yesterday": "",
	} {
		t.Setenv("SOURCE_DATE_EPOCH", text)
		got, err := dateOf("../..")
		if (err == nil) != (want != "") || err == nil && got.Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string]bool{
		"v1.2.3": true, "v1.2.3-4-gabcdef-dirty": true, "unknown": true, "1.0.0+meta": true,
		"": false, "-x": false, "a b": false, "a/b": false, "../x": false, "v1\n": false, "v1 -X main.x=y": false,
	} {
		if got := versionForm.MatchString(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}
