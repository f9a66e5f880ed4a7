package classify_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/effnet/effnet/pkg/classify"
)

func Example() {
	m, err := classify.Open("", classify.Options{Top: 3})
	if err != nil {
		log.Fatal(err)
	}
	picture, err := os.ReadFile("../../testdata/cat.jpg")
	if err != nil {
		log.Fatal(err)
	}
	r, err := m.Bytes(context.Background(), picture)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %d×%d\n", r.Format, r.Width, r.Height)
	for _, p := range r.Predictions {
		fmt.Println(p.Rank, p.WNID, p.Label)
	}
	// Output:
	// jpeg, 331×300
	// 1 n02123159 tiger cat
	// 2 n02124075 Egyptian cat
	// 3 n02123045 tabby
}
