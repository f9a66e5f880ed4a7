package source

import (
	"context"
	"os"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	packed(t, "1.jpg", "2.jpg", "x/3.jpg", "n.txt")
	if err := os.MkdirAll("d/e", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"d/1.jpg", "d/e/2.png", "d/n.txt", "list"} {
		write(t, name, []byte("d\na.zip\n"))
	}
	tests := []struct {
		name  string
		o     Options
		n     int
		known bool
	}{
		{"folder and file", Options{Args: []string{"d", "d/n.txt", "gone"}}, 4, true},
		{"archives", Options{Args: []string{"a.zip", "a.tar"}}, 6, true},
		{"glob", Options{Args: []string{"d/**/*.png", "a.z*"}}, 4, true},
		{"list", Options{Args: []string{"-"}, FilesFrom: "list", Stdin: strings.NewReader("")}, 6, true},
		{"filters", Options{Args: []string{"d", "a.zip"}, Exclude: []string{"e", "2.*"}}, 3, true},
		{"member", Options{Args: []string{"a.zip!1.jpg"}}, 1, true},
		{"standard input as list", Options{FilesFrom: "-", Stdin: strings.NewReader("d")}, 0, false},
		{"device as list", Options{FilesFrom: os.DevNull}, 0, false},
		{"missing list", Options{FilesFrom: "gone"}, 0, false},
		{"compressed tar", Options{Args: []string{"d", "a.tgz", "d"}}, 2, false},
		{"member of a compressed tar", Options{Args: []string{"d", "a.tgz!1.jpg"}}, 2, false},
		{"nothing", Options{}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Unmatched = func(name string) { t.Errorf("%q called unmatched by a count", name) }
			if n, known := Count(t.Context(), tt.o); n != tt.n || known != tt.known {
				t.Errorf("got %d, %v", n, known)
			}
		})
	}
	parts := 0
	for i := 1; i <= 3; i++ {
		n, known := Count(t.Context(), Options{Args: []string{"d", "a.zip"}, Shard: Shard{i, 3}})
		if parts += n; !known {
			t.Errorf("shard %d is not known", i)
		}
	}
	if parts != 5 {
		t.Errorf("%d in all shards", parts)
	}
}

func TestCountEnds(t *testing.T) {
	tree(t, "d/1.jpg", "d/e/2.jpg")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, known := Count(ctx, Options{Args: []string{"d"}}); n != 0 || known {
		t.Errorf("got %d, %v", n, known)
	}
}
