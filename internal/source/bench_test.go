package source

import (
	"fmt"
	"os"
	"testing"
)

// Each reports the cost of one input.
func BenchmarkInputs(b *testing.B) {
	const n = 10_000
	b.Chdir(b.TempDir())
	if err := os.Mkdir("d", 0o777); err != nil {
		b.Fatal(err)
	}
	var members, named []string
	for i := range n {
		members = append(members, fmt.Sprintf("m/%05d.jpg", i))
		named = append(named, fmt.Sprintf("d/%05d.jpg", i))
		write(b, named[i], []byte("pixels"))
	}
	write(b, "a.zip", zipOf(b, members...))
	write(b, "a.tar", tarOf(b, members...))
	write(b, "a.tgz", gzipOf(b, tarOf(b, members...)))
	cases := map[string]Options{
		"folder":          {Args: []string{"d"}},
		"folder-filtered": {Args: []string{"d"}, Include: []string{"*.jpg"}, Exclude: []string{"thumbs", "**/x/*.jpg"}},
		"folder-shard":    {Args: []string{"d"}, Shard: Shard{1, 2}},
		"named":           {Args: named},
		"zip":             {Args: []string{"a.zip"}},
		"tar":             {Args: []string{"a.tar"}},
		"tgz":             {Args: []string{"a.tgz"}},
	}
	for name, o := range cases {
		for _, read := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/read=%v", name, read), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; i < b.N; {
					s, err := Open(o)
					if err != nil {
						b.Fatal(err)
					}
					for in := range s.All() {
						if read {
							if _, err := in.Read(); err != nil {
								b.Fatal(err)
							}
						}
						if i++; i >= b.N {
							break
						}
					}
					i += s.Elsewhere()
				}
			})
		}
	}
}
