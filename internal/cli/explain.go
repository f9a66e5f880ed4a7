package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/pkg/explain"
)

// ExplainOptions are the arguments and flags of effnet explain.
type ExplainOptions struct {
	InputOptions
	ModelOptions

	Top            int // 0: all of Classes
	Classes        []string
	Format, Output string
	Height         int
	FailFast       bool
	Quiet          bool

	protocol explain.Protocol // of a preview
}

const explainLong = `Show which parts of an image speak for a label: the class activation map of the
network's last feature map over the image. It is exact for networks of this family,
whose classifier is a matrix after a mean: the mean of the map and the label's bias
are its logit. Where a crop was taken, the whole image comes first, with its frame.

-o FILE.png or FILE.jpg is a picture of one INPUT, one map beside the other. -f json
and jsonl give the maps as numbers, of any number of inputs. In a terminal that shows
pictures or 24-bit colours there is a preview, where no -o is given.

Exit codes: 0 all done, 2 wrong usage or no input, 3 some inputs could not be
explained, 4 the model was refused, 5 output could not be written, 130 interrupted.`

const explainExample = `  effnet explain dog.jpg -o why.png
  effnet explain dog.jpg -o why.png -k 3
  effnet explain dog.jpg -o why.jpg --class tabby --class lynx
  effnet explain photos/ -f jsonl -o maps.jsonl
  effnet explain dog.jpg`

// A picture is made in memory: maxPanels bounds its maps, maxDrawn their pixels.
const (
	maxPanels = 24
	maxDrawn  = 64 << 20
)

func newExplainCmd(s Streams, runF func(context.Context, Streams, ExplainOptions) error) *cobra.Command {
	o := ExplainOptions{}
	cmd := &cobra.Command{
		Use:     "explain INPUT -o FILE.png",
		Short:   "Show which parts of an image speak for a label",
		Long:    explainLong,
		Example: explainExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Inputs = args
			if len(o.Classes) > 0 && !cmd.Flags().Changed("top") {
				o.Top = 0
			} else if err := between("top", o.Top, 1, math.MaxInt32); err != nil {
				return err
			}
			if err := o.check(columns(s.Out) > 0); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.Output, "output", "o", "", "write to `FILE`, which is replaced only when all is done")
	f.StringVarP(&o.Format, "format", "f", "", "`FORMAT`: "+strings.Join(explainFormats, ", ")+" (default: by the suffix of -o)")
	f.IntVarP(&o.Top, "top", "k", 1, "maps of the first `N` labels (with --class all of these)")
	f.StringArrayVar(&o.Classes, "class", nil, "only of this `LABEL`, whatever its rank; may be repeated")
	f.IntVar(&o.Height, "height", 448, "of a picture without its captions, `N` pixels")
	addFailureFlags(cmd, &o.FailFast, &o.Quiet)
	o.ModelOptions.addNetworkFlags(cmd)
	o.InputOptions.addFlags(cmd)
	complete(cmd, "format", explainFormats...)
	return cmd
}

var explainFormats = []string{"png", "jpeg", "json", "jsonl", "preview"}

const leastHeight = 64

// check finds every wrong flag that can be told without reading anything.
func (o *ExplainOptions) check(onTerminal bool) error {
	for _, err := range []error{
		between("height", o.Height, leastHeight, explain.MaxHeight),
		o.ModelOptions.check(),
		o.InputOptions.check(false),
		o.checkFormat(onTerminal),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkFormat finds the format by the suffix where none was given.
func (o *ExplainOptions) checkFormat(onTerminal bool) error {
	toFile := o.Output != "" && o.Output != "-"
	switch {
	case o.Format != "":
		if err := oneOf("format", o.Format, explainFormats...); err != nil {
			return err
		}
	case toFile:
		if o.Format = suffixFormat(o.Output); o.Format == "" {
			return usage(fmt.Errorf("--output %s: its suffix is none of .png, .jpg, .json and .jsonl, and -f tells no format", strconv.Quote(o.Output)))
		}
	case o.Output == "" && onTerminal:
		o.Format = "preview"
		if o.protocol = terminalProtocol(); o.protocol == "" {
			return usage(errors.New("this terminal does not say that it shows pictures or 24-bit colours: name a file with -o, or take -f json or -f preview"))
		}
	default:
		return usage(errors.New("standard output is no terminal: name a file with -o FILE.png, or take -f json"))
	}
	switch {
	case o.Format == "preview" && o.Output != "":
		return usage(errors.New("a preview is for a terminal, without -o"))
	case o.picture() && !toFile && onTerminal:
		return usage(errors.New("a picture is not for a terminal: name a file with -o"))
	case o.drawn() && o.panels() > maxPanels:
		return usage(fmt.Errorf("a picture shows at most %d maps: take -f json for more", maxPanels))
	case o.picture() && o.panels()*o.Height*o.Height > maxDrawn:
		return usage(fmt.Errorf("%d maps of %d pixels are too many for one picture", o.panels(), o.Height))
	}
	if o.protocol == "" {
		o.protocol = explain.Blocks
	}
	return nil
}

func (o *ExplainOptions) panels() int { return max(o.Top, len(o.Classes)) }

// drawn tells whether maps are drawn, not written as numbers.
func (o *ExplainOptions) drawn() bool { return o.picture() || o.Format == "preview" }

// picture tells whether the output is a picture.
func (o *ExplainOptions) picture() bool { return o.Format == "png" || o.Format == "jpeg" }

func suffixFormat(path string) string {
	switch suffix := strings.ToLower(filepath.Ext(path)); suffix {
	case ".jpg", ".jpeg", ".jpe":
		return "jpeg"
	case ".png", ".json", ".jsonl":
		return suffix[1:]
	}
	return ""
}

// terminalProtocol is how the terminal shows pictures; half blocks are colours.
func terminalProtocol() explain.Protocol {
	p := explain.Detect(os.Getenv)
	if p == explain.Blocks && !colorful() {
		return ""
	}
	return p
}
