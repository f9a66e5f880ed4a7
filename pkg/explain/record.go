package explain

import (
	"encoding/base64"
	"unicode/utf8"
)

// Schema names the form of records.
const Schema = "effnet/v1"

// Record is an explanation as numbers, for encoding/json.
type Record struct {
	Schema  string      `json:"schema"`
	Path    string      `json:"path"`
	PathB64 string      `json:"path_b64,omitempty"` // where Path is not valid UTF-8
	Model   string      `json:"model"`
	Image   ImageRecord `json:"image"`
	Damaged bool        `json:"damaged,omitempty"`
	// Crop is the part of the picture that the network saw, in its pixels
	// upright; Input where that lies in the square input, in the input's.
	Crop  Rectangle   `json:"crop"`
	Input Rectangle   `json:"input"`
	Maps  []MapRecord `json:"maps"`
}

// ImageRecord is as in the records of classify.
type ImageRecord struct {
	Format string `json:"format"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Rectangle is in pixels.
type Rectangle struct {
	X      int `json:"x"`
	Y      int `json:"y"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// MapRecord is a Map. The mean of Values and Bias are Logit.
type MapRecord struct {
	Rank        int         `json:"rank"`
	Index       int         `json:"index"`
	WNID        string      `json:"wnid,omitempty"`
	Label       string      `json:"label"`
	Probability float64     `json:"probability"`
	Logit       float32     `json:"logit"`
	Bias        float32     `json:"bias"`
	Values      [][]float32 `json:"map"` // rows from the top
}

// Record gives the explanation as numbers, for a picture of the given path.
func (x *Explanation) Record(path, model string) Record {
	s, d := x.Place.Source, x.Place.Dest
	r := Record{
		Schema: Schema, Path: path, Model: model, Damaged: x.Damaged,
		Image: ImageRecord{x.Format, x.Width, x.Height},
		Crop:  Rectangle{s.Min.X, s.Min.Y, s.Dx(), s.Dy()},
		Input: Rectangle{d.Min.X, d.Min.Y, d.Dx(), d.Dy()},
		Maps:  make([]MapRecord, 0, len(x.Maps)),
	}
	if !utf8.ValidString(path) {
		r.PathB64 = base64.StdEncoding.EncodeToString([]byte(path))
	}
	for i := range x.Maps {
		m := &x.Maps[i]
		rows := make([][]float32, m.H)
		for y := range rows {
			rows[y] = m.Values[y*m.W : (y+1)*m.W]
		}
		r.Maps = append(r.Maps, MapRecord{m.Rank, m.Class, m.WNID, m.Label, m.Probability, m.Logit, m.Bias, rows})
	}
	return r
}
