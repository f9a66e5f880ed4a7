package explain_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/explain"
)

func Example() {
	e, err := explain.Open("", classify.Options{Top: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()
	data, err := os.ReadFile("../../testdata/coffee.jpg")
	if err != nil {
		log.Fatal(err)
	}
	x, err := e.Bytes(context.Background(), data)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range x.Maps {
		hottest := 0
		for i, v := range m.Values {
			if v > m.Values[hottest] {
				hottest = i
			}
		}
		fmt.Printf("%s: row %d, column %d of %d×%d\n", m.Label, hottest/m.W, hottest%m.W, m.H, m.W)
	}
	if err := explain.Encode(io.Discard, "png", x.Picture(explain.Style{})); err != nil {
		log.Fatal(err)
	}
	// Output:
	// espresso: row 2, column 3 of 7×7
	// cup: row 1, column 4 of 7×7
}
