package jpeg

import "testing"

// The whole inverse of every ink and black, against Pillow's formula in words:
// paper minus ink·paper/255, rounded.
func TestInk(t *testing.T) {
	for c := range 256 {
		for k := range 256 {
			ink255, paper := 255-c, k
			want := paper - (ink255*paper*2+255)/(2*255)
			if got := ink(uint8(c), uint8(k)); int(got) != want {
				t.Fatalf("ink(%d, %d) is %d, want %d", c, k, got, want)
			}
		}
	}
}
