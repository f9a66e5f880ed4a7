package similar_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/similar"
)

func Example() {
	m, err := classify.Open("", classify.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var all similar.Vectors
	for _, file := range []string{"cat.jpg", "coffee.jpg", "rocket.jpg", "cat.png"} {
		data, err := os.ReadFile("../../testdata/" + file)
		if err != nil {
			log.Fatal(err)
		}
		vector, err := m.Embed(context.Background(), data)
		if err != nil {
			log.Fatal(err)
		}
		if err := all.Append(file, vector); err != nil {
			log.Fatal(err)
		}
	}
	nearest, err := all.Nearest(all.Row(0), 3)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range nearest {
		fmt.Printf("%s %.1f\n", n.Name, n.Cosine)
	}
	groups, err := all.Groups(context.Background(), similar.Options{Threshold: 0.98})
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range groups {
		fmt.Println("alike:", g[0].Name, g[1].Name)
	}
	// Output:
	// cat.jpg 1.0
	// cat.png 1.0
	// rocket.jpg 0.1
	// alike: cat.jpg cat.png
}
