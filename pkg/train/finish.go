package train

import (
	"context"
	"fmt"
	"image"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/weights"
)

// FinishOptions say what a trained model's file tells of it.
type FinishOptions struct {
	Name     string             // of the new model
	Base     string             // name of the model that training began with
	BaseSum  string             // SHA-256 of its file in hexadecimal
	Crop     preprocess.Crop    // of the goldens; empty: center
	Decoding preprocess.Options // of the goldens
}

// Finish makes a model of trained parameters, ready for weights.Write: base's
// variant, profile and licence, the data set's classes as labels, where it comes
// from, and as goldens validation pictures of different classes with the logits
// that classify.PictureGoldens computes, by kernels of the given tier. The same
// arguments give the same model.
func Finish(ctx context.Context, base *weights.Model, d *Dataset, params model.Params, o FinishOptions) (w *weights.Model, tier string, err error) {
	w = &weights.Model{
		Name: o.Name, Variant: base.Variant, Profile: base.Profile, License: base.License, Params: params,
		Source: fmt.Sprintf("trained on %d pictures of %d classes, validated on %d; from %s, sha256 %s",
			len(d.Training), len(d.Classes), len(d.Validation), o.Base, o.BaseSum),
	}
	if base.Source != "" {
		w.Source += "; " + base.Source
	}
	for _, class := range d.Classes {
		w.Labels = append(w.Labels, weights.Label{Name: class})
	}
	if err := weights.CheckLabels(w.Labels, w.Classes()); err != nil {
		return nil, "", err
	}
	const most = 2
	pictures, err := d.goldenPixels(ctx, base, o, most)
	if err != nil {
		return nil, "", err
	}
	w.Goldens, tier, err = classify.PictureGoldens(ctx, w, pictures)
	return w, tier, err
}

// goldenPixels are the first readable pictures of up to most classes, of
// validation where it has some, [resolution·resolution·3] RGB each.
func (d *Dataset) goldenPixels(ctx context.Context, base *weights.Model, o FinishOptions, most int) (pixels [][]byte, err error) {
	pictures := d.Validation
	if len(pictures) == 0 {
		pictures = d.Training
	}
	if o.Crop == "" {
		o.Crop = preprocess.Center
	}
	last := -1 // the class that is done
	for _, p := range pictures {
		if p.Class == last {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		picture, err := p.Decode(o.Decoding)
		if err != nil {
			continue
		}
		img, err := picture.Resize(o.Crop, base.Profile)
		if err != nil {
			return nil, err
		}
		pixels, last = append(pixels, packedRGB(img)), p.Class
		if len(pixels) == most {
			break
		}
	}
	return pixels, nil
}

// packedRGB drops alpha.
func packedRGB(img *image.NRGBA) []byte {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	rgb := make([]byte, 0, 3*w*h)
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		for ; len(row) >= 4; row = row[4:] {
			rgb = append(rgb, row[:3]...)
		}
	}
	return rgb
}
