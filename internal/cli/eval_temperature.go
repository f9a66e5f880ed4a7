package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/store"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// canHoldTemperature is a usage error where the model of -m is no model file of the
// user's own.
func canHoldTemperature(name string, info classify.Info) error {
	reason := ""
	switch {
	case !isFile(name):
		reason = "it is not a file of yours"
	case info.Scheme != "":
		reason = "it is a file of " + info.Scheme + "'s"
	case isPulled(name):
		reason = "it was pulled and stays as its publisher made it"
	default:
		return nil
	}
	return usage(fmt.Errorf("--write-temperature: %s cannot hold it, %s: make a model file first, effnet convert %s my.safetensors",
		report.Quote(name), reason, report.Quote(name)))
}

// isPulled tells whether a file lies in the folder of pulled models.
func isPulled(path string) bool {
	st, err := store.Open()
	if err != nil {
		return false
	}
	folder, err := os.Stat(st.Dir)
	if err != nil {
		return false
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	holder, err := os.Stat(filepath.Dir(real))
	return err == nil && os.SameFile(folder, holder)
}

// writeTemperature puts a model file in its own place, in one step.
func writeTemperature(path, sum string, temperature float64) error {
	failed := func(err error) error {
		return &exitError{exitOutput, fmt.Errorf("%s: %w", strconv.Quote(path), reasonOf(err))}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return failed(err)
	}
	if is := sha256.Sum256(data); hex.EncodeToString(is[:]) != sum {
		return failed(errors.New("the file has changed since it was read: its temperature was not written"))
	}
	m, err := weights.Read(data)
	if err != nil {
		return &classify.ModelError{Model: path, Err: err}
	}
	m.Temperature = temperature
	file, err := report.Create(path)
	if err != nil {
		return failed(err)
	}
	if err := weights.Write(file, m); err != nil {
		file.Drop()
		return failed(err)
	}
	if err := file.Commit(); err != nil {
		os.Remove(file.Part())
		return failed(err)
	}
	return nil
}
