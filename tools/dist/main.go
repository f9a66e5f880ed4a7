// Command dist makes the archives of a release: for each platform the binary,
// the project's texts, the licences of everything inside, man pages and
// completions, and SHA256SUMS over all of them. The same commit, version and Go
// release give the same bytes wherever it runs.
//
//	go run ./tools/dist -o dist -version v1.2.3
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// platforms are those that are released.
const platforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

const sumsName = "SHA256SUMS"

// versionForm keeps file names and the linker's flags free of surprises.
var versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]*$`)

// release is what the archives have in common.
type release struct {
	root    string // folder of the module
	out     string
	version string
	date    time.Time // of the commit; every file's
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("dist: ")
	out := flag.String("o", "dist", "folder of the archives")
	version := flag.String("version", "", "version, such as v1.2.3")
	list := flag.String("platforms", platforms, "platforms to build, OS/ARCH,…")
	flag.Parse()
	if flag.NArg() > 0 || !versionForm.MatchString(*version) {
		log.Fatalf("usage: dist [-o FOLDER] [-platforms OS/ARCH,…] -version VERSION")
	}
	r, err := newRelease(*out, *version)
	if err == nil {
		err = r.make(strings.Split(*list, ","))
	}
	if err != nil {
		log.Fatal(err)
	}
}

func newRelease(out, version string) (release, error) {
	mod, err := output("go", "env", "GOMOD")
	if err != nil {
		return release{}, err
	}
	root := filepath.Dir(mod)
	date, err := dateOf(root)
	return release{root, out, version, date}, err
}

// dateOf is $SOURCE_DATE_EPOCH, else the date of the commit.
func dateOf(root string) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		var err error
		if text, err = output("git", "-C", root, "log", "-1", "--format=%ct"); err != nil {
			return time.Time{}, fmt.Errorf("no date: %w; SOURCE_DATE_EPOCH gives one where there is no commit", err)
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	// A zip cannot say more than is between 1980 and 2107.
	if err != nil || seconds < 315619200 || seconds > 4323801600 {
		return time.Time{}, fmt.Errorf("no date: %q is no number of seconds between 1980 and 2107", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// make writes the archives, and last of all their sums.
func (r release) make(platforms []string) error {
	if err := os.MkdirAll(r.out, 0o777); err != nil {
		return err
	}
	common, err := r.documents()
	if err != nil {
		return err
	}
	log.Printf("version %s of %s, %s", r.version, r.date.Format(time.DateOnly), runtime.Version())
	var sums strings.Builder
	for _, platform := range platforms {
		name, data, err := r.archive(platform, common)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.out, name), data, 0o666); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
		log.Printf("%s, %d bytes", name, len(data))
	}
	return os.WriteFile(filepath.Join(r.out, sumsName), []byte(sums.String()), 0o666)
}

// archive builds a platform's binary and packs it with the common files.
func (r release) archive(platform string, common []file) (name string, data []byte, err error) {
	goos, goarch, ok := strings.Cut(platform, "/")
	if !ok {
		return "", nil, fmt.Errorf("platform %q is not OS/ARCH", platform)
	}
	binary, err := r.build(goos, goarch)
	if err != nil {
		return "", nil, err
	}
	folder := strings.Join([]string{"effnet", r.version, goos, goarch}, "-")
	if goos == "windows" {
		data, err = zipped(folder, append(common[:len(common):len(common)], file{"effnet.exe", binary, true}), r.date)
		return folder + ".zip", data, err
	}
	data, err = tarred(folder, append(common[:len(common):len(common)], file{"effnet", binary, true}), r.date)
	return folder + ".tar.gz", data, err
}

// build compiles a static binary, the same whatever the folder and the user's
// own settings.
func (r release) build(goos, goarch string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "effnet-dist-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "effnet")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X github.com/effnet/effnet/internal/cli.version="+r.version,
		"-o", binary, "./cmd/effnet")
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch,
		"GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-trimpath", "GOEXPERIMENT=", "GOWORK=off")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build for %s/%s: %w", goos, goarch, err)
	}
	return os.ReadFile(binary)
}

// output runs a command and returns the line that it prints.
func output(name string, args ...string) (string, error) {
	b, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return strings.TrimSpace(string(b)), nil
}
