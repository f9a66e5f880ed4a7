package report

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/effnet/effnet/pkg/similar"
)

// builtFormats are made of the JSON lines of FILE.part, when all of them are there.
var builtFormats = []string{"parquet", "npy"}

// NamesSuffix makes of the name of an npy file that of the list of its paths.
const NamesSuffix = ".txt"

// commitBuilt builds the document beside FILE. The part is removed when FILE is there.
func (f *File) commitBuilt() error {
	if err := f.out.file.Sync(); err != nil {
		return err
	}
	names := []string{f.out.final}
	if f.format == "npy" {
		names = append(names, f.out.final+NamesSuffix)
	}
	if err := f.buildBeside(names); err != nil {
		return err
	}
	if err := f.tape.forget(); err != nil {
		return err
	}
	f.closed = true
	if err := f.out.file.Close(); err != nil {
		return err
	}
	for i := len(names) - 1; i >= 0; i-- { // FILE last
		if err := os.Rename(names[i]+builtSuffix, names[i]); err != nil {
			return err
		}
	}
	if err := os.Remove(f.out.file.Name()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.out.final))
}

const builtSuffix = ".new"

// buildBeside leaves all of the files, under the names that they have until they are
// renamed, or none.
func (f *File) buildBeside(names []string) (err error) {
	var files []*os.File
	defer func() {
		for _, file := range files {
			err = errors.Join(err, file.Close())
		}
		for _, file := range files {
			if err != nil {
				err = errors.Join(err, os.Remove(file.Name()))
			}
		}
	}()
	for _, name := range names {
		file, err := openBeside(name+builtSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, f.tape.replaced)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	if f.format == "npy" {
		err = f.buildNPY(files[0], files[1])
	} else {
		err = f.build(files[0])
	}
	for _, file := range files {
		if err == nil {
			err = file.Sync()
		}
	}
	return err
}

// build turns the JSON lines of the part into the document.
func (f *File) build(w io.Writer) error {
	p := New(f.format, w, f.style)
	if err := f.records(p.Write); err != nil {
		return err
	}
	return p.Close()
}

// buildNPY writes a row and a name for each picture that did not fail.
func (f *File) buildNPY(array, list io.Writer) error {
	rows := bufio.NewWriter(array)
	w, err := similar.NewNPYWriter(rows, f.vectors, f.style.Features)
	if err != nil {
		return err
	}
	err = f.records(func(r Record) error {
		if r.Err != nil {
			return nil
		}
		if err := similar.WriteNames(list, []string{r.Path}); err != nil {
			return err
		}
		return w.Write(r.Result.Embedding)
	})
	if err == nil {
		err = w.Close()
	}
	return errors.Join(err, rows.Flush())
}

func (f *File) records(each func(Record) error) error {
	return ReadJSONL(io.NewSectionReader(f.out.file, 0, f.tape.at), each)
}
