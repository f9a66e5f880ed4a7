// Pixels times the way from files to tensors for bench/pixels.py. It reads
// requests, a JSON object a line, and answers each with the milliseconds that a
// file took. Files are in memory before the clock starts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/preprocess/jpeg"
	"github.com/effnet/effnet/pkg/profile"
)

// request asks for some passes over files in one of the modes.
type request struct {
	Mode   string   `json:"mode"`
	Files  []string `json:"files"`
	Passes int      `json:"passes"`
}

const resolution = 224

// engine holds what lasts over pictures.
type engine struct {
	reader    jpeg.Reader
	workspace preprocess.Workspace
	profile   profile.Profile
	tensor    []float32
	pictures  map[string]*preprocess.Picture
}

// modes do one file.
var modes = map[string]func(e *engine, name string, data []byte) error{
	"decode": func(e *engine, _ string, data []byte) error {
		if err := e.reader.Reset(data, jpeg.Options{}); err != nil {
			return err
		}
		return e.reader.Rows(func(int, []byte) error { return nil })
	},
	"picture": func(_ *engine, _ string, data []byte) error {
		_, err := preprocess.Decode(data, preprocess.Options{})
		return err
	},
	"tensor": func(e *engine, _ string, data []byte) error { return e.read(data, preprocess.Options{}) },
	"tensor-scaled": func(e *engine, _ string, data []byte) error {
		return e.read(data, preprocess.Options{Scaling: preprocess.Fast})
	},
	"tensor-smallest": func(e *engine, _ string, data []byte) error {
		return e.read(data, preprocess.Options{Scaling: preprocess.Scaling{Gap: 1}})
	},
	"resize": func(e *engine, name string, data []byte) error {
		return e.workspace.Tensor(e.pictures[name], preprocess.Center, e.profile, e.tensor)
	},
}

func (e *engine) read(data []byte, o preprocess.Options) error {
	_, err := e.workspace.Read(data, o, preprocess.Center, e.profile, e.tensor)
	return err
}

// answer gives the milliseconds a file.
func (e *engine) answer(r request) (float64, error) {
	do := modes[r.Mode]
	if do == nil {
		return 0, fmt.Errorf("no mode %q", r.Mode)
	}
	data := map[string][]byte{}
	for _, name := range r.Files {
		b, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		data[name] = b
		if r.Mode == "resize" && e.pictures[name] == nil {
			if e.pictures[name], err = preprocess.Decode(b, preprocess.Options{}); err != nil {
				return 0, err
			}
		}
	}
	start := time.Now()
	for range r.Passes {
		for _, name := range r.Files {
			if err := do(e, name, data[name]); err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return time.Since(start).Seconds() * 1e3 / float64(r.Passes*len(r.Files)), nil
}

func main() {
	log.SetFlags(0)
	e := &engine{
		profile: profile.ImageNet(resolution), tensor: make([]float32, 3*resolution*resolution),
		pictures: map[string]*preprocess.Picture{},
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			log.Fatal(err)
		}
		ms, err := e.answer(r)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ms)
	}
}
