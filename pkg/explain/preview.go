package explain

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"io"
	"strings"

	"github.com/disintegration/imaging"
)

// Protocol is how a terminal shows pictures.
type Protocol string

// The protocols. Blocks needs no more than 24-bit colours: a letter is two
// pixels, one above the other.
const (
	Blocks Protocol = "blocks"
	Kitty  Protocol = "kitty"
	ITerm  Protocol = "iterm"
)

// Detect finds the protocol of a terminal by its environment, such as
// os.Getenv; empty where it does not say that it has 24-bit colours.
func Detect(getenv func(string) string) Protocol {
	switch program := getenv("TERM_PROGRAM"); {
	case getenv("TMUX") != "" || strings.HasPrefix(getenv("TERM"), "screen"): // passes no pictures on
	case getenv("TERM") == "xterm-kitty" || getenv("KITTY_WINDOW_ID") != "" || program == "ghostty":
		return Kitty
	case program == "iTerm.app" || program == "WezTerm":
		return ITerm
	}
	if c := getenv("COLORTERM"); c == "truecolor" || c == "24bit" || getenv("WT_SESSION") != "" {
		return Blocks
	}
	return ""
}

const (
	tileColumns  = 40 // widest map of a preview in letters
	leastTile    = 12
	previewPanel = 320 // pixels
)

// Preview shows the maps over the crop in a terminal of the given width in
// letters, each over its label, as many in a row as fit. An error is w's.
func (x *Explanation) Preview(w io.Writer, columns int, p Protocol) error {
	var b bytes.Buffer
	switch p {
	case Kitty:
		x.inline(&b, kitty)
	case ITerm:
		x.inline(&b, iterm)
	default:
		x.blocks(&b, columns)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// blocks draws rows of maps in half blocks.
func (x *Explanation) blocks(b *bytes.Buffer, columns int) {
	columns = max(columns, leastTile)
	tile := min(tileColumns, columns)
	if n := len(x.Maps); n > 1 {
		tile = min(tile, max((columns+1)/n-1, min(columns, 2*leastTile)))
	}
	perRow := max(1, (columns+1)/(tile+1))
	size := fit(x.Place.Source.Size(), tile)
	if size.X > tile {
		size = image.Pt(tile, max(2, size.Y*tile/size.X))
	}
	size.Y += size.Y % 2
	crop := imaging.Resize(x.picture.SubImage(x.Place.Source), size.X, size.Y, imaging.Box)
	for first := 0; first < len(x.Maps); first += perRow {
		maps := x.Maps[first:min(first+perRow, len(x.Maps))]
		var tiles []*image.NRGBA
		for i := range maps {
			tiles = append(tiles, x.overlay(crop, &maps[i]))
		}
		for y := 0; y < size.Y; y += 2 {
			halfBlocks(b, tiles, y, tile-size.X)
		}
		for i := range maps {
			text := shortened(fmt.Sprintf("%.0f%% %s", 100*maps[i].Probability, maps[i].Label), tile)
			if i < len(maps)-1 {
				text = fmt.Sprintf("%-*s ", tile, text)
			}
			b.WriteString(text)
		}
		b.WriteByte('\n')
	}
}

// halfBlocks writes pixel rows y and y+1 of all tiles as one line of letters;
// each tile is followed by so many blanks, except the last.
func halfBlocks(b *bytes.Buffer, tiles []*image.NRGBA, y, blanks int) {
	for i, t := range tiles {
		for px := range t.Rect.Dx() {
			up, down := t.NRGBAAt(px, y), t.NRGBAAt(px, y+1)
			fmt.Fprintf(b, "\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dm▀", up.R, up.G, up.B, down.R, down.G, down.B)
		}
		b.WriteString("\x1b[0m")
		if i < len(tiles)-1 {
			b.WriteString(strings.Repeat(" ", blanks+1))
		}
	}
	b.WriteByte('\n')
}

// inline sends the drawn picture itself.
func (x *Explanation) inline(b *bytes.Buffer, send func(b *bytes.Buffer, png []byte)) {
	var file bytes.Buffer
	_ = png.Encode(&file, x.Picture(Style{Height: previewPanel})) // to memory, of a sound size
	send(b, file.Bytes())
	b.WriteByte('\n')
}

// kitty sends a PNG in chunks of at most 4096 letters (kitty's graphics protocol).
func kitty(b *bytes.Buffer, file []byte) {
	const chunk = 4096
	text := base64.StdEncoding.EncodeToString(file)
	lead := "a=T,f=100,"
	for len(text) > 0 {
		n := min(chunk, len(text))
		more := 0
		if n < len(text) {
			more = 1
		}
		fmt.Fprintf(b, "\x1b_G%sm=%d;%s\x1b\\", lead, more, text[:n])
		text, lead = text[n:], ""
	}
}

// iterm sends a PNG as iTerm2's inline image.
func iterm(b *bytes.Buffer, file []byte) {
	fmt.Fprintf(b, "\x1b]1337;File=inline=1;size=%d:%s\a", len(file), base64.StdEncoding.EncodeToString(file))
}
