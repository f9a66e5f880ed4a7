package preprocess

import (
	"errors"
	"image"
	"time"

	"github.com/effnet/effnet/pkg/preprocess/jpeg"
	"github.com/effnet/effnet/pkg/preprocess/resample"
	"github.com/effnet/effnet/pkg/profile"
)

// Workspace makes tensors of pictures and keeps its buffers and tables between
// them. The zero value is ready. It belongs to one goroutine at a time.
type Workspace struct {
	resampler *resample.Resampler
	set       *resample.Set
	norm      *resample.Normaliser
	valid     profile.Profile // the last that passed Validate
	jpeg      jpeg.Reader
	png       pngRows
	first     int           // row of the scaled picture that is the resampler's row 0
	spent     time.Duration // by the resampler, on the picture at hand
}

// Input is what Read tells of a picture.
type Input struct {
	Format         string // as in Picture
	Width, Height  int    // of the whole picture, after orientation
	Damaged        bool   // only with Options.Lenient
	Scale          int    // decoded at 1/Scale, see Options.Scaling: 1, 2, 4 or 8
	Decode, Resize time.Duration
}

// Read turns an encoded picture into a normalised tensor, dst, which is
// [resolution·resolution·3], NHWC. The pixels are those of Decode and Resize,
// but only what the crop needs is made of a JPEG, and no picture is turned as a
// whole. An error is an *Error, or comes from Resize.
func (ws *Workspace) Read(data []byte, o Options, c Crop, pr profile.Profile, dst []float32) (in Input, err error) {
	if err := ws.prepare(pr); err != nil {
		return in, err
	}
	if o.MaxPixels <= 0 {
		o.MaxPixels = DefaultMaxPixels
	}
	f, err := sniff(data)
	if err != nil {
		return in, err
	}
	defer func() {
		if r := recover(); r != nil {
			*ws = Workspace{}
			err = decodeError("damaged %s: the decoder gave up: %v", f.title, r)
		}
	}()
	in.Format, in.Scale = f.name, 1
	start := time.Now()
	ws.spent = 0
	t := target{crop: c, profile: pr, dst: dst}
	switch f.name {
	case "jpeg":
		err = ws.readJPEG(data, o, t, &in)
	case "png":
		err = ws.readPNG(data, o, t, &in)
	default:
		err = ws.readDecoded(func() (*decoded, error) { return f.decode(data, o) }, o, t, &in)
	}
	in.Resize, in.Decode = ws.spent, time.Since(start)-ws.spent
	return in, err
}

// prepare validates a profile and makes what does not depend on the picture.
func (ws *Workspace) prepare(pr profile.Profile) error {
	if pr != ws.valid {
		if err := pr.Validate(); err != nil {
			return err
		}
	}
	if ws.set == nil {
		set, err := resample.Best()
		if err != nil {
			return err
		}
		ws.set, ws.resampler = set, resample.New(set)
	}
	if ws.norm == nil || !ws.norm.Is(pr.Mean, pr.Std) {
		ws.norm = ws.set.Normaliser(pr.Mean, pr.Std)
	}
	ws.valid = pr
	return nil
}

// target is what a picture is turned into: dst, normalised, or else pix.
type target struct {
	crop    Crop
	profile profile.Profile
	dst     []float32 // [resolution·resolution·3]
	pix     []byte    // [resolution·resolution·3] RGB
}

// source is a stored picture: w×h pixels of size bytes that an EXIF orientation
// turns, to be decoded at 1/scale.
type source struct{ w, h, orientation, scale, size int }

// place finds the target's crop in the upright picture.
func (t target) place(s source) (Place, error) {
	w, h := turnedSize(s.w, s.h, s.orientation)
	return newPlace(t.crop, w, h, t.profile)
}

// begin plans the way from a source to the target, and says which of the
// scaled picture's pixels the resampler wants.
func (ws *Workspace) begin(s source, t target) (region image.Rectangle, err error) {
	at, err := t.place(s)
	if err != nil {
		return region, err
	}
	region, box := scaled(unturned(at.Source, s.w, s.h, s.orientation), s.scale, s.orientation)
	g := resample.Geometry{
		Filter: t.profile.Interpolation, Orientation: s.orientation,
		Box: box, OutW: at.Dest.Dx(), OutH: at.Dest.Dy(), Reduced: s.scale,
	}
	g.Width, g.Height = turnedSize(region.Dx(), region.Dy(), s.orientation)
	plan, err := ws.resampler.Plan(g)
	if err != nil {
		var long *resample.SizeError
		if errors.As(err, &long) {
			return region, &Error{KindLimit, err.Error()}
		}
		return region, err
	}
	ws.resampler.Start(plan, s.size, ws.part(t, at.Dest))
	ws.first = region.Min.Y
	return plan.Needs().Add(region.Min), nil
}

// part is the rectangle of the target that the resampler writes; what is
// around gets the colour of the ground.
func (ws *Workspace) part(t target, to image.Rectangle) resample.Target {
	res := t.profile.Resolution
	out := resample.Target{Stride: 3 * res, Norm: ws.norm}
	at, n := to.Min.Y*out.Stride+3*to.Min.X, 3*res*res
	around := to != image.Rect(0, 0, res, res)
	colour := ground(t.profile)
	if t.pix != nil {
		out.Pix = t.pix[at:n]
		for i := 0; around && i < n; i++ {
			t.pix[i] = colour[i%3]
		}
		return out
	}
	out.Tensor = t.dst[at:n]
	if around {
		for c, v := range colour {
			f := ws.norm.At(c, v)
			for i := c; i < n; i += 3 {
				t.dst[i] = f
			}
		}
	}
	return out
}

// readDecoded resizes a whole picture as it is stored.
func (ws *Workspace) readDecoded(decode func() (*decoded, error), o Options, t target, in *Input) error {
	d, err := decode()
	if err != nil {
		return err
	}
	if o.NoEXIF {
		d.orientation = 1
	}
	in.Damaged = d.damaged
	in.Width, in.Height = turnedSize(d.rgb.Rect.Dx(), d.rgb.Rect.Dy(), d.orientation)
	return ws.resize(d.rgb, d.orientation, t)
}

// resize takes the pixels where they lie.
func (ws *Workspace) resize(rgb *image.NRGBA, orientation int, t target) error {
	start := time.Now()
	region, err := ws.begin(source{rgb.Rect.Dx(), rgb.Rect.Dy(), orientation, 1, 4}, t)
	if err != nil {
		return err
	}
	at := region.Min.Add(rgb.Rect.Min)
	ws.resampler.Rows(region.Min.Y-ws.first, rgb.Pix[rgb.PixOffset(at.X, at.Y):], rgb.Stride, region.Dy())
	err = ws.resampler.Finish()
	ws.spent += time.Since(start)
	return err
}

// Tensor is Picture's Resize and Normalise in one, into dst, which is
// [resolution·resolution·3], NHWC. Errors are those of Resize.
func (ws *Workspace) Tensor(p *Picture, c Crop, pr profile.Profile, dst []float32) error {
	if err := ws.prepare(pr); err != nil {
		return err
	}
	return ws.resize(p.RGB, 1, target{crop: c, profile: pr, dst: dst})
}

// Image is Read for a picture that the caller has decoded; img is not changed,
// and pixels that are stored as NRGBA are not copied. An error comes from
// FromImage or Resize.
func (ws *Workspace) Image(img image.Image, c Crop, pr profile.Profile, dst []float32) (in Input, err error) {
	if err := ws.prepare(pr); err != nil {
		return in, err
	}
	start := time.Now()
	rgb, ok := img.(*image.NRGBA)
	if !ok || rgb == nil || rgb.Rect.Empty() {
		p, err := FromImage(img)
		if err != nil {
			return in, err
		}
		rgb = p.RGB
	}
	ws.spent, in.Scale = 0, 1
	in.Width, in.Height = rgb.Rect.Dx(), rgb.Rect.Dy()
	err = ws.resize(rgb, 1, target{crop: c, profile: pr, dst: dst})
	in.Resize, in.Decode = ws.spent, time.Since(start)-ws.spent
	return in, err
}
