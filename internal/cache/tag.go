package cache

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// The marker of the Cache Directory Tagging Specification, by which backups
// know what to leave out, with a line that says whose cache it is.
const (
	tagName = "CACHEDIR.TAG"
	tagText = "Signature: 8a477f597d28d172789f06886806bc55\n" + tagOwner +
		"# Programs that make backups may leave this folder out, see https://bford.info/cachedir/\n"
	tagOwner = "# This folder is a cache of effnet.\n"
	tagLimit = 4096
)

// errForeign is why a folder is refused.
var errForeign = errors.New("the folder is not empty and is no cache of effnet")

// mark puts the marker into an empty folder and looks for it in any other.
func mark(root *os.Root) error {
	if marked(root) {
		return nil
	}
	foreign, err := holdsForeign(root)
	if err != nil {
		return err
	}
	if foreign {
		// Another process may have marked and used it since.
		if marked(root) {
			return nil
		}
		return errForeign
	}
	temporary := tagName + "." + rand.Text() + temporarySuffix
	err = root.WriteFile(temporary, []byte(tagText), 0o666)
	if err == nil {
		err = root.Rename(temporary, tagName)
	}
	if err != nil {
		root.Remove(temporary)
		if marked(root) {
			return nil
		}
	}
	return err
}

func marked(root *os.Root) bool {
	info, err := root.Lstat(tagName)
	if err != nil || !info.Mode().IsRegular() || info.Size() > tagLimit {
		return false
	}
	text, err := root.ReadFile(tagName)
	return err == nil && strings.HasPrefix(string(text), tagText[:strings.Index(tagText, "\n")+1]+tagOwner)
}

// holdsForeign tells whether there is anything but markers half written.
func holdsForeign(root *os.Root) (bool, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tagName+".") || !strings.HasSuffix(e.Name(), temporarySuffix) {
			return true, nil
		}
	}
	return false, err
}
