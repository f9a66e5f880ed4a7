package evaluate_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/evaluate"
)

func Example() {
	m, err := classify.Open("", classify.Options{})
	if err != nil {
		log.Fatal(err)
	}
	manifest := "path,label\ncat.jpg,tiger cat\ncoffee.jpg,espresso\nrocket.jpg,balloon\n"
	set, err := evaluate.ReadManifest(strings.NewReader(manifest), "../../testdata", m.Info().Labels)
	if err != nil {
		log.Fatal(err)
	}
	f, err := evaluate.Run(context.Background(), m, set, evaluate.Options{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("top-1 %.2f of %d, 95%%: %.2f to %.2f\n", f.Top1, f.Images, f.Top1Interval[0], f.Top1Interval[1])
	for _, m := range f.Mistakes {
		fmt.Printf("%s: %s, said to be %s\n", m.Path, m.Label, m.As)
	}
	// Output:
	// top-1 0.67 of 3, 95%: 0.21 to 0.94
	// ../../testdata/rocket.jpg: balloon, said to be missile
}
