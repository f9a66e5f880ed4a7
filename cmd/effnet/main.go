// Command effnet classifies images with the EfficientNet family.
package main

import (
	"os"

	"github.com/effnet/effnet/internal/cli"
)

func main() {
	os.Exit(cli.Main())
}
