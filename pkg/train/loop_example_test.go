package train_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/train"
	"github.com/effnet/effnet/pkg/weights"
)

// A folder of two classes becomes a model file.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for i := range 8 {
		drawPicture(filepath.Join(dir, "day"), i, 180)
		drawPicture(filepath.Join(dir, "night"), i, 20)
	}

	o := train.DefaultOptions()
	o.Dir, o.Name = dir, "day-or-night"
	o.Base = classify.Options{Resolution: 32} // small, to be quick
	o.Unfreeze, o.Epochs, o.Batch = 1, 1, 8
	r, err := train.Run(context.Background(), o, func(e train.Event) {
		if e.Kind == train.Ended {
			fmt.Printf("epoch %d of %d\n", e.Epoch, e.Epochs)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := weights.Write(&file, r.Model); err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Model.Name, r.Dataset.Classes, r.Validation().Accuracy)
	// Output:
	// epoch 1 of 1
	// day-or-night [day night] 1
}

func drawPicture(dir string, serial int, level uint8) {
	random := rand.New(rand.NewPCG(uint64(level), uint64(serial)))
	img := image.NewGray(image.Rect(0, 0, 32, 32))
	for i := range img.Pix {
		img.SetGray(i%32, i/32, color.Gray{Y: level + uint8(random.UintN(40))})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		log.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.png", serial)), b.Bytes(), 0o666); err != nil {
		log.Fatal(err)
	}
}
