package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the expected output in testdata/script anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"effnet": func() { os.Exit(Main()) }, "jq": jq})
}

// TestScripts runs each behaviour of testdata/script. The pictures of the project's
// testdata are in $PICTURES; weights for b0@timm are served at $MIRROR and in the file
// $OFFICIAL, their SHA-256 is $DIGEST.
func TestScripts(t *testing.T) {
	pictures, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	o := newOfficial(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"EFFNET_CPU", "EFFNET_MODEL", "NO_COLOR"} {
				env.Setenv(name, "")
			}
			env.Setenv("EFFNET_MODELS", filepath.Join(env.WorkDir, "models"))
			env.Setenv("MIRROR", o.server.URL)
			env.Setenv("OFFICIAL", o.file)
			env.Setenv("DIGEST", o.sha256)
			env.Setenv("TERM", "xterm")
			env.Setenv("PICTURES", pictures)
			return nil
		},
		Cmds:      commands,
		Condition: condition,
	})
}

func condition(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}
