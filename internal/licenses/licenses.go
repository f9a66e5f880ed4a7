// Package licenses holds NOTICE and the licence of everything that is linked
// into the effnet binary on any platform.
package licenses

import (
	"embed"
	"io/fs"
	"strings"
)

//go:generate go run ./gen

//go:embed text
var texts embed.FS

// own are the project's texts, which stand before all others.
var own = []string{"text/NOTICE.txt", "text/LICENSE.txt"}

// Text returns all texts, each under a line that says whose it is: first the
// project's own, then Go's and the modules' by path.
func Text() string {
	var b strings.Builder
	for _, file := range append(own[:len(own):len(own)], others()...) {
		text, err := texts.ReadFile(file)
		if err != nil {
			panic("licenses: " + err.Error())
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "text/"), ".txt")
		b.WriteString("==== " + name + " ====\n\n")
		b.Write(text)
	}
	return b.String()
}

func others() []string {
	var files []string
	err := fs.WalkDir(texts, "text", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && file != own[0] && file != own[1] {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		panic("licenses: " + err.Error())
	}
	return files
}
