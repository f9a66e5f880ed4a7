package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

// A model file may be of a custom shape, in any spelling.
func TestFileOfACustomShape(t *testing.T) {
	const name = "lite0:d0.5,w0.25,r64"
	v, err := model.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	err = weights.Write(&file, &weights.Model{
		Name: "tiny", Variant: name, Profile: profile.ImageNet(64), Params: model.Random(v.ParamSpecs(3), 1),
	})
	if err != nil {
		t.Fatal(err)
	}
	for variant, code := range map[string]int{ // as long as name
		name: exitOK, "lite0:r64,w0.25,d0.5": exitOK, "lite0:d3,w0.25,r0064": exitModel,
		"w0.00000000000000000": exitModel, "d1000000000000000000": exitModel, "b7777777777777777777": exitModel,
	} {
		data := bytes.Replace(file.Bytes(), []byte(name), []byte(variant), 1)
		path := filepath.Join(t.TempDir(), "tiny.safetensors")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if got := run(context.Background(), Streams{Out: &out, Err: &errs}, []string{"show", path, "-f", "json"}); got != code {
			t.Errorf("%q: exit code %d, want %d: %s", variant, got, code, errs.String())
		}
		if code != exitOK {
			if n := bytes.Count(errs.Bytes(), []byte("\n")); n != 1 || out.Len() > 0 {
				t.Errorf("%q: %d lines on stderr, %q on stdout", variant, n, out.String())
			}
			continue
		}
		var d showDocument
		if err := json.Unmarshal(out.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		if d.Variant != v.Name || d.Classes != 3 || d.Resolution != 64 || d.Profile == nil {
			t.Errorf("%q: %s", variant, out.String())
		}
	}
}
