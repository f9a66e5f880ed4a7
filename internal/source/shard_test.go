package source

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseShard(t *testing.T) {
	for text, want := range map[string]Shard{"1/1": {1, 1}, "1/4": {1, 4}, "04/04": {4, 4}, "1000000/1000000": {1e6, 1e6}} {
		if got, err := ParseShard(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	const form = ": write I/N, such as 1/4 for the first of four"
	for text, want := range map[string]string{
		"":               `shard ""` + form,
		"1":              `shard "1"` + form,
		"/":              `shard "/"` + form,
		"1/":             `shard "1/"` + form,
		"+1/4":           `shard "+1/4"` + form,
		"-1/4":           `shard "-1/4"` + form,
		"1/4/2":          `shard "1/4/2"` + form,
		"1/4 ":           `shard "1/4 "` + form,
		"0/0":            `shard "0/0"` + form,
		"1/999999999999": `shard "1/999999999999"` + form,
		"0/4":            "shard 0/4: the first number is 1 to 4",
		"5/4":            "shard 5/4: the first number is 1 to 4",
		"1/0":            "shard 1/0: the number of shards is 1 to 1000000",
		"1/1000001":      "shard 1/1000001: the number of shards is 1 to 1000000",
	} {
		if _, err := ParseShard(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// An input stays in its shard from one version to the next: runs that were divided
// between them are divided alike.
func TestShardsAreStable(t *testing.T) {
	got := map[string][3]int{}
	for _, name := range []string{"", "-", "a.jpg", "./a.jpg", "photos.zip!dir/a.jpg", "n\xff\n.png"} {
		var in [3]int
		for k, n := range []int{2, 4, 1000} {
			for i := 1; i <= n; i++ {
				if (Shard{i, n}).Holds(name) {
					if in[k] != 0 {
						t.Errorf("%q is in shards %d and %d of %d", name, in[k], i, n)
					}
					in[k] = i
				}
			}
		}
		got[name] = in
	}
	want := map[string][3]int{
		"": {2, 4, 204}, "-": {1, 1, 549}, "a.jpg": {1, 1, 789}, "./a.jpg": {1, 3, 763},
		"photos.zip!dir/a.jpg": {2, 4, 468}, "n\xff\n.png": {2, 2, 6},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestShardsAreEven(t *testing.T) {
	const names, n = 10_000, 16
	var sizes [n]int
	for i := range names {
		for sh := range sizes {
			if (Shard{sh + 1, n}).Holds(fmt.Sprintf("photos/%05d.jpg", i)) {
				sizes[sh]++
			}
		}
	}
	sum := 0
	for _, size := range sizes {
		sum += size
		if size < names/n*4/5 || size > names/n*6/5 {
			t.Errorf("shards of %v", sizes)
		}
	}
	if sum != names {
		t.Errorf("%d names in all shards together", sum)
	}
}

// All shards together are the stream, each in its order; what cannot be read belongs
// to a shard too, and a list that breaks off to all.
func TestShardsOfAStream(t *testing.T) {
	packed(t, "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg")
	for i := range 20 {
		write(t, fmt.Sprintf("%d.png", i), nil)
	}
	write(t, "broken.zip", zipOf(t, "1.jpg")[:20])
	write(t, "list", []byte("0.png\ngone.jpg\n-\n"+strings.Repeat("x", maxName+1)))
	o := Options{Args: []string{".", "a.zip", "a.tar", "a.tgz", "broken.zip", "*.png"}, FilesFrom: "list", Stdin: strings.NewReader("")}
	all, _ := collect(t, o)
	const n = 3
	seen := map[string]int{}
	for i := 1; i <= n; i++ {
		o.Shard = Shard{i, n}
		got, unmatched := collect(t, o)
		for _, line := range got {
			seen[line]++
		}
		if len(unmatched) != 0 {
			t.Errorf("shard %d: unmatched %q", i, unmatched)
		}
		if i := subsequence(got, all); i >= 0 {
			t.Errorf("%q is out of order", got[i])
		}
	}
	for _, line := range all {
		if strings.HasPrefix(line, "list !") {
			seen[line] -= n - 1
		}
		seen[line]--
	}
	for line, rest := range seen {
		if rest != 0 {
			t.Errorf("%q: %+d times", line, rest)
		}
	}
}

// subsequence gives the index in part where it leaves whole, or -1.
func subsequence(part, whole []string) int {
	i := 0
	for _, line := range whole {
		if i < len(part) && part[i] == line {
			i++
		}
	}
	if i == len(part) {
		return -1
	}
	return i
}

func TestElsewhere(t *testing.T) {
	packed(t, "1.jpg")
	if err := os.Mkdir("d", 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		write(t, fmt.Sprintf("d/%d.jpg", i), nil)
	}
	total := 0
	for i := 1; i <= 2; i++ {
		s, err := Open(Options{Args: []string{"d", "a.tgz"}, Shard: Shard{i, 2}})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for in := range s.All() {
			n++
			if _, err := in.Read(); err != nil {
				t.Error(err)
			}
		}
		total += n
		if n+s.Elsewhere() != 11 {
			t.Errorf("%d here, %d elsewhere", n, s.Elsewhere())
		}
	}
	if total != 11 {
		t.Errorf("%d in all shards", total)
	}
}
